"""The API's own description and its page, with swagger-ui from this host."""

import json
from importlib.metadata import version

from fastapi import Request, Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment, select_autoescape

from api.answers import json_answer
from api.deps import NonceDep
from api.routes import guarded_router
from maps.assets import asset_url

router = guarded_router("admin")

_PAGE = Environment(autoescape=select_autoescape(default=True)).from_string("""<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8"><title>网格 Wangge API</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="{{ icon }}"><link rel="stylesheet" href="{{ css }}"></head>
<body><div id="swagger-ui"></div><script src="{{ script }}"></script>
<script nonce="{{ nonce }}">
SwaggerUIBundle({url: "/openapi.json", dom_id: "#swagger-ui", deepLinking: true, validatorUrl: null,
  requestInterceptor: (request) => { request.headers["X-Wangge"] = "1"; return request; }});
</script></body></html>
""")


@router.get("/docs", include_in_schema=False)
def docs_page(nonce: NonceDep) -> HTMLResponse:
    """Show the API for trying out."""
    page = _PAGE.render(
        nonce=nonce,
        script=asset_url("swagger-ui-dist", "swagger-ui-bundle.js"),
        css=asset_url("swagger-ui-dist", "swagger-ui.css"),
        icon=asset_url("swagger-ui-dist", "favicon-32x32.png"),
    )
    return HTMLResponse(page, headers={"cache-control": "no-cache"})


@router.get("/openapi.json", include_in_schema=False)
def openapi(request: Request) -> Response:
    """Describe the API (OpenAPI 3.1)."""
    return json_answer(request, request.app.openapi(), reader="public")


def service_version() -> str:
    """Return the version of the installed service."""
    return version("wangge")


def description_text(description: dict[str, object]) -> str:
    """Return an OpenAPI description as the file in docs/ has it."""
    return json.dumps(description, ensure_ascii=False, indent=2, sort_keys=True) + "\n"
