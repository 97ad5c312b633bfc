"""Serves what package qdrant asks of a Qdrant server, over Qdrant's own engine.

    python edge.py PORT FOLDER

The storage, the write-ahead log, the filters and max_sim are those of Qdrant, which
qdrant-edge-py has as a library; what is not Qdrant's is the HTTP interface, which is
written here after its documentation, and there is one shard on one machine. It is for
tests, where no server can be had.
"""

import json
import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import qdrant_edge as q

port, folder = int(sys.argv[1]), sys.argv[2]
lock = threading.Lock()
shards = {}  # by collection: its configuration as the client gave it, and the shard


def path(name):
    return os.path.join(folder, name.encode().hex())


def config(vectors):
    return q.EdgeConfig(
        vectors=q.EdgeVectorParams(
            size=vectors["size"],
            distance=q.Distance.Dot,
            multivector_config=q.MultiVectorConfig(q.MultiVectorComparator.MaxSim),
        )
    )


def shard(name):
    """The collection, opened again if this process hasn't yet; KeyError: none."""
    if name not in shards:
        try:
            with open(path(name) + ".json") as file:
                vectors = json.load(file)
        except FileNotFoundError:
            raise KeyError(name) from None
        shards[name] = vectors, q.EdgeShard.load(path(name))
    return shards[name]


def condition(c):
    if "nested" in c:
        return q.NestedCondition(c["nested"]["key"], filters(c["nested"]["filter"]))
    if "is_empty" in c:
        return q.IsEmptyCondition(c["is_empty"]["key"])
    if "match" in c:
        m = c["match"]
        return q.FieldCondition(c["key"], match=q.MatchAny(m["any"]) if "any" in m else q.MatchValue(m["value"]))
    if "range" in c:
        return q.FieldCondition(c["key"], range=q.RangeFloat(**c["range"]))
    return filters(c)


def filters(f):
    if f is None:
        return None
    unknown = set(f) - {"must", "should", "must_not"}
    if unknown:
        raise ValueError(f"unknown conditions {unknown}")
    return q.Filter(**{how: [condition(c) for c in f[how]] for how in f})


def record(r, vector=False):
    out = {"id": str(r.id), "payload": r.payload}
    if vector:
        out["vector"] = r.vector
    return out


def collection(method, name, body):
    if method == "GET":
        vectors, _ = shard(name)
        return {"config": {"params": {"vectors": vectors}}}
    if method == "DELETE":
        shards.pop(name)[1].close()
        os.rename(path(name) + ".json", path(name) + ".gone")
        os.rename(path(name), path(name) + f".gone-{os.urandom(8).hex()}")
        return True
    try:
        shard(name)
    except KeyError:
        os.makedirs(path(name), exist_ok=True)
        shards[name] = body["vectors"], q.EdgeShard.create(path(name), config(body["vectors"]))
        with open(path(name) + ".tmp", "w") as file:
            json.dump(body["vectors"], file)
        os.replace(path(name) + ".tmp", path(name) + ".json")
        return True
    raise ValueError(f"collection {name} exists")


def index(s, body):
    kind = {"keyword": q.PayloadSchemaType.Keyword, "integer": q.PayloadSchemaType.Integer}[body["field_schema"]]
    s.update(q.UpdateOperation.create_field_index(body["field_name"], kind))


def upsert(s, body):
    s.update(q.UpdateOperation.upsert_points([q.Point(p["id"], p["vector"], p["payload"]) for p in body["points"]]))


def retrieve(s, body):
    return [record(r) for r in s.retrieve(body["ids"], with_payload=body["with_payload"], with_vector=False)]


def delete(s, body):
    s.update(q.UpdateOperation.delete_points(body["points"]))


def scroll(s, body):
    points, following = s.scroll(
        q.ScrollRequest(offset=body.get("offset"), limit=body["limit"], with_payload=False, with_vector=False)
    )
    return {"points": [record(p) for p in points], "next_page_offset": following and str(following)}


def query(s, body):
    found = s.query(
        q.QueryRequest(
            limit=body["limit"],
            query=q.Query.Nearest(body["query"]),
            filter=filters(body.get("filter")),
            params=q.SearchParams(exact=body["params"]["exact"]),
            with_payload=True,
            with_vector=True,
        )
    )
    return {"points": [record(p, True) | {"score": p.score} for p in found]}


calls = {
    ("PUT", "index"): index,
    ("PUT", "points"): upsert,
    ("POST", "points"): retrieve,
    ("POST", "points/delete"): delete,
    ("POST", "points/scroll"): scroll,
    ("POST", "points/query"): query,
}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, value):
        text = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def serve(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = urlsplit(self.path).path.strip("/").split("/", 2)
        try:
            body = json.loads(body) if body else None
            with lock:
                if parts == ["readyz"]:
                    result = True
                elif len(parts) == 2:
                    result = collection(self.command, parts[1], body)
                else:
                    result = calls[self.command, parts[2]](shard(parts[1])[1], body)
        except KeyError as error:
            return self.answer(404, {"status": {"error": f"there is no {error}"}})
        except Exception as error:
            return self.answer(400, {"status": {"error": str(error)}})
        self.answer(200, {"result": result, "status": "ok"})

    do_GET = do_PUT = do_POST = do_DELETE = serve

    def log_message(self, *_):
        pass


os.makedirs(folder, exist_ok=True)
ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()
