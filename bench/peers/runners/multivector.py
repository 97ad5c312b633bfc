# sentence-transformers' MultiVectorEncoder behind uvicorn, as a rerank server:  python multivector.py CHECKPOINT
#
# It answers POST /v1/rerank as toller serve does, on a free port that it prints, with float32 weights and the
# library's own batches of 32. Requests are computed one at a time: two threads of torch's on two cores already, and
# calls at once made it slower. What the library does not need to be asked for is left as it comes.
import asyncio
import os
import socket
import sys
from concurrent.futures import ThreadPoolExecutor

os.environ["HF_HUB_OFFLINE"] = "1"  # nothing of a checkpoint comes from elsewhere

import sentence_transformers
import torch
import transformers
import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel

transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()
model = sentence_transformers.MultiVectorEncoder(sys.argv[1], device="cpu", model_kwargs={"dtype": torch.float32})
app = FastAPI()
one_at_a_time = ThreadPoolExecutor(1)


class Request(BaseModel):
    query: str
    documents: list[str]


def rank(query, documents):
    scores = model.similarity(model.encode_query([query]), model.encode_document(documents))[0].tolist()
    order = sorted(range(len(scores)), key=lambda i: -scores[i])
    return {"results": [{"index": i, "relevance_score": scores[i]} for i in order]}


@app.post("/v1/rerank")
async def rerank(request: Request):
    return await asyncio.get_running_loop().run_in_executor(one_at_a_time, rank, request.query, request.documents)


listener = socket.socket()
listener.bind(("127.0.0.1", 0))
print("sentence-transformers %s, torch %s with %d threads, uvicorn %s at http://127.0.0.1:%d" % (
    sentence_transformers.__version__, torch.__version__, torch.get_num_threads(), uvicorn.__version__,
    listener.getsockname()[1]), file=sys.stderr, flush=True)
uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[listener])
