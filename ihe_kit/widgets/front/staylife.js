// staylife.js: a picture that Python drew. Needs kit.js before it.
function render({ model, el }) {
  el.innerHTML = model.get("html");
  awake(model, one(el, ".kit"));
}
export default { render };
