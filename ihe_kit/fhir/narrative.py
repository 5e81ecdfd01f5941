"""The narrative of a resource: XHTML of which only a harmless part is allowed (FHIR R4 Narrative.div, constraints txt-1 and txt-2).

No script, no form, no frame, no event handler, nothing that is fetched from elsewhere but images; and it has to say something.
"""

from __future__ import annotations

from functools import lru_cache
from xml.parsers import expat


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_ELEMENTS = _words(
    "p br div h1 h2 h3 h4 h5 h6 a span b em i strong small big tt dfn q var abbr acronym cite blockquote hr address bdo kbd sub sup ul ol li dl dt"
    " dd pre table caption colgroup col thead tr tfoot tbody th td code samp img map area"
)
_ATTRIBUTES = _words(
    "title style class id idref lang xml:lang dir accesskey tabindex span width align valign char charoff abbr axis headers scope rowspan colspan"
    " href name charset type hreflang rel rev shape coords src alt longdesc height usemap ismap border cite summary rules frame cellspacing"
    " cellpadding noshade compact start value nowrap clear datetime xmlns"
)
_NAMESPACE = "http://www.w3.org/1999/xhtml"
_SCHEMES = ("javascript:", "vbscript:", "data:text")


class _Wrong(Exception):
    """The first thing in a narrative that is not allowed."""


@lru_cache(maxsize=256)
def wrong(div: str) -> str:
    """What is wrong with a narrative, as the end of a sentence, or "".

    >>> wrong('<div xmlns="http://www.w3.org/1999/xhtml"><script>1</script></div>')
    'it holds the element script, which a narrative may not have'
    """
    told: list[str] = []
    depth = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > 200:
            raise _Wrong("it is nested more than 200 levels deep")
        if depth == 1 and name != "div":
            raise _Wrong(f"it is a {name}, where a div is expected")
        if depth == 1 and attributes.get("xmlns") != _NAMESPACE:
            raise _Wrong(f'its div does not name the namespace, xmlns="{_NAMESPACE}"')
        if name not in _ELEMENTS:
            raise _Wrong(f"it holds the element {name}, which a narrative may not have")
        for key, value in attributes.items():
            if key not in _ATTRIBUTES and not key.startswith("xmlns:"):
                raise _Wrong(f"its element {name} has the attribute {key}, which a narrative may not have")
            if key in ("href", "src") and value.strip().lower().startswith(_SCHEMES):
                raise _Wrong(f"its element {name} leads to a script")
        if name == "img" and (attributes.get("src") or attributes.get("alt")):
            told.append("img")

    def end(_: str) -> None:
        nonlocal depth
        depth -= 1

    def doctype(*_: object) -> None:
        raise _Wrong("it has a DOCTYPE, which no narrative may have")

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler, parser.StartDoctypeDeclHandler = start, end, doctype
    parser.CharacterDataHandler = lambda text: told.append(text) if text.strip() else None
    try:
        parser.Parse(div.encode("utf-8", "replace"), True)
    except _Wrong as problem:
        return str(problem)
    except expat.ExpatError as problem:
        reason = expat.ErrorString(problem.code)
        if reason == "undefined entity":
            return "it uses an entity of HTML; XML knows only &lt; &gt; &amp; &quot; &apos; and numbers such as &#174;"
        return f"it is not well-formed XML ({reason}, character {problem.offset + 1} of line {problem.lineno})"
    return "" if told else "it says nothing: there is neither text nor an image in it"
