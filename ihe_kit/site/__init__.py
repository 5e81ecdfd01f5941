"""The web page of a running sandbox: browse and search what is kept, see how it changed, and follow what crosses the wire.

Pages are plain HTML, made here from what `render` draws; they work without JavaScript, which only makes them livelier. The page asks the FHIR
server as any client does, and changes nothing. `site` has the addresses and what keeps strangers out, `serving` brings the page up.
"""

from ihe_kit.site.serving import Page, page, serve
from ihe_kit.site.site import Site

__all__ = ["Page", "Site", "page", "serve"]
