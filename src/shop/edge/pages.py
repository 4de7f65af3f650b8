"""The shop's front page, and its API as a page: one HTML document each, with nothing from elsewhere."""

from functools import lru_cache
from html import escape
from typing import Any

import msgspec

__all__ = ["docs_page", "front_page"]

STYLE = """
:root{color-scheme:light dark;--ink:#1d2330;--soft:#5b6475;--line:#d9dde5;--back:#fbfbf9;--card:#fff;--accent:#0b6e75}
@media(prefers-color-scheme:dark){:root{--ink:#e8eaee;--soft:#a2abbb;--line:#333a47;--back:#14171d;--card:#1c2028;
--accent:#5cc4cb}}
*{box-sizing:border-box}body{margin:0;background:var(--back);color:var(--ink);
font:16px/1.7 system-ui,"Hiragino Sans","Noto Sans JP",sans-serif}
main{max-width:60rem;margin:0 auto;padding:2rem 1.25rem 4rem}h1{font-size:1.6rem;line-height:1.3;margin:0 0 .5rem}
h2{font-size:1.1rem;margin:2.5rem 0 .5rem;border-bottom:1px solid var(--line);padding-bottom:.25rem}
p{margin:.4rem 0}a{color:var(--accent)}code,pre{font-family:ui-monospace,Menlo,Consolas,monospace;font-size:.85em}
pre{background:var(--card);border:1px solid var(--line);border-radius:.5rem;padding:.8rem;overflow-x:auto}
details{background:var(--card);border:1px solid var(--line);border-radius:.5rem;margin:.4rem 0}
summary{cursor:pointer;padding:.45rem .8rem;display:flex;gap:.6rem;align-items:baseline;flex-wrap:wrap}
details>div{padding:0 .8rem .8rem}.m{font-weight:700;min-width:4.2rem;color:var(--accent)}.s{color:var(--soft)}
table{border-collapse:collapse;width:100%;font-size:.9rem}td,th{text-align:left;padding:.25rem .5rem;
border-top:1px solid var(--line);vertical-align:top}nav a{margin-right:.8rem}.wide{overflow-x:auto}
"""
WORDS: dict[str, dict[str, str]] = {
    "ja": {
        "title": "Mieruka Shop — 見える化を学ぶ小さな店",
        "lead": "5 つのマイクロサービスが動いています。注文がひとつ、ゲートウェイからメールまで旅をします。",
        "docs": "API ドキュメント",
        "products": "商品の一覧 (JSON)",
        "health": "サービスの状態",
        "first": "最初の一歩",
        "hint": "ログインの方法は README の「最初の注文」をご覧ください。",
        "api": "API",
        "parameters": "パラメータ",
        "in": "場所",
        "name": "名前",
        "kind": "型",
        "body": "本文",
        "answers": "応答",
        "who": "呼べる人",
    },
    "en": {
        "title": "Mieruka Shop — a small shop for learning to see",
        "lead": "Five microservices are running. One order travels from the gateway to a mail.",
        "docs": "API documentation",
        "products": "Products (JSON)",
        "health": "Health of the services",
        "first": "A first step",
        "hint": "The README's “first order” shows how to sign in.",
        "api": "API",
        "parameters": "Parameters",
        "in": "in",
        "name": "name",
        "kind": "type",
        "body": "Body",
        "answers": "Answers",
        "who": "who",
    },
}
METHODS = ("get", "post", "put", "delete")


def page(language: str, title: str, content: str) -> bytes:
    """A whole document."""
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><title>{escape(title)}</title>'
        f"<style>{STYLE}</style></head><body><main>{content}</main></body></html>"
    ).encode()


def front_page(language: str) -> bytes:
    """Where to go from here."""
    words = WORDS[language]
    links = (("/docs", "docs"), ("/products", "products"), ("/health/ready", "health"))
    items = "".join(f'<p><a href="{path}">{words[word]}</a> <code class="s">{path}</code></p>' for path, word in links)
    return page(
        language,
        words["title"],
        f"<h1>{words['title']}</h1><p>{words['lead']}</p>{items}<h2>{words['first']}</h2>"
        f"<pre>curl http://127.0.0.1:8080/products?limit=1</pre><p class='s'>{words['hint']}</p>",
    )


@lru_cache(maxsize=4)
def docs_page(document: bytes, language: str) -> bytes:
    """The OpenAPI document for the eye: every route with its parameters, body and answers."""
    words, api = WORDS[language], msgspec.json.decode(document)
    by_tag: dict[str, list[str]] = {}
    for path, operations in api["paths"].items():
        for method in METHODS:
            if method in operations:
                operation = operations[method]
                by_tag.setdefault(operation["tags"][0], []).append(operation_html(method, path, operation, words))
    index = "".join(f'<a href="#{tag}">{tag}</a>' for tag in by_tag)
    parts = "".join(f'<h2 id="{tag}">{tag}</h2>{"".join(items)}' for tag, items in by_tag.items())
    schemas = "".join(
        f'<details id="schema-{escape(name)}"><summary><b>{escape(name)}</b>'
        f'<span class="s">{escape(first_line(schema))}</span></summary><div>{fields(schema)}</div></details>'
        for name, schema in sorted(api["components"]["schemas"].items())
    )
    head = f'<h1>{words["docs"]}</h1><p><a href="/openapi.json">/openapi.json</a></p><nav>{index}</nav>'
    return page(language, words["docs"], f"{head}{parts}<h2>Schemas</h2>{schemas}")


def operation_html(method: str, path: str, operation: dict[str, Any], words: dict[str, str]) -> str:
    """One route."""
    rows = "".join(
        f"<tr><td><code>{escape(each['name'])}</code></td><td>{each['in']}</td><td>{kind(each['schema'])}</td></tr>"
        for each in operation.get("parameters", [])
    )
    parameters = f"<p><b>{words['parameters']}</b></p><div class=wide><table>{rows}</table></div>" if rows else ""
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    body = f"<p><b>{words['body']}</b> {kind(content['schema'])}</p>" if content else ""
    answers = "".join(
        f"<tr><td>{status}</td><td>{escape(answer['description'])}</td><td>{answer_kind(answer)}</td></tr>"
        for status, answer in operation["responses"].items()
    )
    who = f"<p class=s>{words['who']}: {escape(operation.get('x-who', ''))}</p>"
    return (
        f'<details><summary><code class="m">{method.upper()}</code><code>{escape(path)}</code>'
        f'<span class="s">{escape(operation.get("summary", ""))}</span></summary><div>{who}{parameters}{body}'
        f"<p><b>{words['answers']}</b></p><div class=wide><table>{answers}</table></div></div></details>"
    )


def answer_kind(answer: dict[str, Any]) -> str:
    """What an answer holds."""
    for media in answer.get("content", {}).values():
        return kind(media["schema"]) if "schema" in media else ""
    return ""


def kind(schema: dict[str, Any]) -> str:
    """A type in a few words, with links to what has a name."""
    if "$ref" in schema:
        name = escape(schema["$ref"].rpartition("/")[2])
        return f'<a href="#schema-{name}">{name}</a>'
    if "anyOf" in schema:
        return " | ".join(kind(each) for each in schema["anyOf"])
    if "enum" in schema:
        return " | ".join(f"<code>{escape(str(each))}</code>" for each in schema["enum"])
    if schema.get("type") == "array":
        return f"[{kind(schema.get('items', {}))}]"
    return escape(str(schema.get("type", "")))


def fields(schema: dict[str, Any]) -> str:
    """The members of an object."""
    rows = "".join(
        f"<tr><td><code>{escape(name)}</code></td><td>{kind(member)}</td></tr>"
        for name, member in schema.get("properties", {}).items()
    )
    return f"<div class=wide><table>{rows}</table></div>"


def first_line(schema: dict[str, Any]) -> str:
    """What it is."""
    return str(schema.get("description", "")).partition("\n")[0]
