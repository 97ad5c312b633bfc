"""Has Python's own clients of the services whose dialects toller serve speaks ask it,
and compares what they make of its answers with what toller rank printed.

    clients.py URL RANKING DOCUMENTS

RANKING is the output of toller rank --json -k 0 over DOCUMENTS, a JSONL file.
"""

import json
import os
import sys

import numpy as np
import requests

url, ranking, documents = sys.argv[1], json.load(open(sys.argv[2])), sys.argv[3]
texts = [json.loads(line)["text"] for line in open(documents)]
query = ranking["query"]
MAXSIM = [(h["index"], h["score"]) for h in ranking["hits"]]
UNIT = [(h["index"], h["mean"]) for h in ranking["hits"]]
TOP = 5
KEY = "any-key-will-do"
done = []


def equal(client, found, wanted):
    found = list(found)
    if found != wanted:
        sys.exit(f"{client}: expected {wanted[:3]}..., found {found[:3]}...")
    done.append(client)


def refused(client, error, call):
    try:
        call()
    except error as e:
        if "documents" not in str(e):
            sys.exit(f"{client}: expected a reason that names the documents, found {e}")
        done.append(client + ", refused")
    else:
        sys.exit(f"{client}: expected it to be refused")


def cohere_clients():
    import cohere

    v1, v2 = cohere.Client(KEY, base_url=url), cohere.ClientV2(KEY, base_url=url)
    a = v1.rerank(model="rerank-v3.5", query=query, documents=texts, top_n=TOP, return_documents=True)
    equal("cohere v1", ((r.index, r.relevance_score) for r in a.results), MAXSIM[:TOP])
    assert [r.document.text for r in a.results] == [texts[i] for i, _ in MAXSIM[:TOP]], a.results
    objects = [{"title": "", "text": t} for t in texts]
    a = v1.rerank(model="rerank-v3.5", query=query, documents=objects, rank_fields=["text"])
    equal("cohere v1, fields", ((r.index, r.relevance_score) for r in a.results), MAXSIM)
    a = v2.rerank(model="rerank-v3.5", query=query, documents=texts, top_n=TOP)
    equal("cohere v2", ((r.index, r.relevance_score) for r in a.results), UNIT[:TOP])
    assert a.meta.api_version.version == "2", a.meta
    refused("cohere v1", cohere.BadRequestError, lambda: v1.rerank(model="m", query=query, documents=[]))
    refused("cohere v2", cohere.BadRequestError, lambda: v2.rerank(model="m", query=query, documents=[]))


def openai_client():
    import openai

    client = openai.OpenAI(api_key=KEY, base_url=url + "/v1", max_retries=0)

    def vectors(text, kind):
        # What it asks for if nothing is said is base64, which it makes a flat list of.
        flat = client.embeddings.create(model="m", input=[text], extra_body={"input_type": kind}).data[0]
        rows = client.embeddings.create(model="m", input=text, encoding_format="float", extra_body={"input_type": kind}).data[0]
        rows = np.array(rows.embedding, dtype=np.float32)
        assert list(rows.shape) == flat.shape, (rows.shape, flat.shape)
        assert (np.array(flat.embedding, dtype=np.float32).reshape(flat.shape) == rows).all()
        return rows

    q = vectors(query, "query")
    for index, score in MAXSIM[:3]:
        maxsim = (q @ vectors(texts[index], "document").T).max(axis=1).sum()
        assert abs(maxsim - score) < 1e-4, (maxsim, score)
    done.append("openai")
    try:
        client.embeddings.create(model="m", input=[[1, 2, 3]])
    except openai.BadRequestError as e:
        assert e.param == "input" and "token ids" in e.message, e
        done.append("openai, refused")
    else:
        sys.exit("openai: expected token ids to be refused")
    assert client.models.list().data[0].id == ranking["model"]


def langchain_clients():
    from langchain_cohere import CohereRerank
    from langchain_community.document_compressors import jina_rerank
    from langchain_core.documents import Document

    given = [Document(page_content=t) for t in texts]
    found = CohereRerank(model="rerank-v3.5", cohere_api_key=KEY, base_url=url, top_n=TOP).compress_documents(given, query)
    equal("langchain cohere", ((texts.index(d.page_content), d.metadata["relevance_score"]) for d in found), UNIT[:TOP])
    jina_rerank.JINA_API_URL = url + "/v1/rerank"
    jina = jina_rerank.JinaRerank(jina_api_key=KEY, top_n=TOP)
    found = jina.compress_documents(given, query)
    equal("langchain jina", ((texts.index(d.page_content), d.metadata["relevance_score"]) for d in found), MAXSIM[:TOP])
    refused("langchain jina", RuntimeError, lambda: jina.rerank([{"image": "x"}], query))


def llama_index_clients():
    from llama_index.core.schema import NodeWithScore, QueryBundle, TextNode
    from llama_index.postprocessor.cohere_rerank import CohereRerank
    from llama_index.postprocessor.jinaai_rerank import JinaRerank
    from llama_index.postprocessor.tei_rerank import TextEmbeddingInference

    for name, client, wanted in (
        ("cohere", CohereRerank(model="rerank-v3.5", api_key=KEY, base_url=url, top_n=TOP), UNIT),
        ("jina", JinaRerank(api_key=KEY, base_url=url + "/v1", top_n=TOP), MAXSIM),
        ("tei", TextEmbeddingInference(base_url=url, top_n=TOP), UNIT),
    ):
        nodes = [NodeWithScore(node=TextNode(text=t, id_=str(i)), score=0.0) for i, t in enumerate(texts)]
        found = client.postprocess_nodes(nodes, QueryBundle(query))
        equal("llama-index " + name, ((int(n.node.node_id), n.score) for n in found), wanted[:TOP])


def plain_requests():
    """What has no client of its own: vLLM's and llama.cpp's paths, and TEI's raw scores."""

    def post(path, **body):
        r = requests.post(url + path, json=body, timeout=60)
        r.raise_for_status()
        return r.json()

    for path in ("/rerank", "/v1/rerank", "/reranking", "/v1/reranking", "/v2/rerank?scores=maxsim"):
        a = post(path, query=query, documents=texts)
        equal("requests " + path, ((r["index"], r["relevance_score"]) for r in a["results"]), MAXSIM)
    for path in ("/score", "/v1/score"):
        a = post(path, text_1=query, text_2=texts)
        equal("requests " + path, ((d["index"], d["score"]) for d in a["data"]), sorted(MAXSIM))
    a = post("/rerank", query=query, texts=texts, raw_scores=True)
    equal("requests /rerank, texts", ((r["index"], r["score"]) for r in a), MAXSIM)


def metrics():
    from prometheus_client.parser import text_string_to_metric_families

    families = {f.name: f for f in text_string_to_metric_families(requests.get(url + "/metrics", timeout=60).text)}
    assert families["toller_cache_hits"].samples[0].value > 0, families
    done.append("prometheus")


os.environ["OPENAI_LOG"] = ""
cohere_clients()
openai_client()
if os.environ.get("TOLLER_FRAMEWORKS"):
    langchain_clients()
    llama_index_clients()
plain_requests()
metrics()
print(f"{len(done)} calls agree: {', '.join(done)}")
