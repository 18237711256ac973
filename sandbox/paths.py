"""How paths of requests are taken apart."""

from __future__ import annotations

from starlette.convertors import PathConvertor, register_url_convertor


class Anything(PathConvertor):
    """The rest of a path, line breaks included; at one, Starlette's own ``path`` knows no route."""

    regex = "(?s:.*)"


register_url_convertor("anything", Anything())
