// profileviewer.js: three views of a profile. Needs kit.js and viewer.js before it.
export default { render };
