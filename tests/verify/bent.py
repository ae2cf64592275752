"""Answers that are not the stand-in's own: for what no option of it can turn round."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Response

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


@dataclass
class Bent:
    """The answer to calls with this method and path whose body holds a text; `nth` means the nth of them alone."""

    method: str
    path: str
    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    holds: str = ""
    nth: int = 0
    seen: int = 0

    def meets(self, method: str, path: str, body: str) -> bool:
        if method != self.method or not re.search(self.path, path) or self.holds not in body:
            return False
        self.seen += 1
        return self.nth in (0, self.seen)


def bending(*answers: Bent) -> Callable[[WSGIApplication], WSGIApplication]:
    """An application that gives these answers, and else those of the one it stands before."""
    for answer in answers:
        answer.seen = 0

    def bend(app: WSGIApplication) -> WSGIApplication:
        def bent(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
            content = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            environ["wsgi.input"] = io.BytesIO(content)
            for answer in answers:
                if answer.meets(environ["REQUEST_METHOD"], environ["PATH_INFO"], content.decode()):
                    text = "" if answer.body is None else json.dumps(answer.body)
                    return Response(text, answer.status, dict(answer.headers), content_type="application/json")(environ, start)
            return app(environ, start)

        return bent

    return bend
