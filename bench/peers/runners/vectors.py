# Encodes texts with the original libraries:  python vectors.py LIBRARY CHECKPOINT <texts.jsonl >vectors
#
# LIBRARY is pylate or sentence-transformers. Standard input has a JSON string a line. Standard output begins with
# the number of components; then come, for each text, its vectors as a query and as a document, each as their number
# and their components. All numbers are of 32 bits, little-endian. Weights and arithmetic are float32.
import json
import os
import struct
import sys

os.environ["HF_HUB_OFFLINE"] = "1"  # nothing of a checkpoint comes from elsewhere
library, checkpoint = sys.argv[1:]
texts = [json.loads(line) for line in sys.stdin]

import numpy
import torch
import transformers

transformers.logging.set_verbosity_error()
settings = {"device": "cpu", "model_kwargs": {"dtype": torch.float32}}
encoding = {"batch_size": 16, "convert_to_numpy": True, "show_progress_bar": False}
if library == "pylate":
    from pylate.models import ColBERT

    model = ColBERT(checkpoint, **settings)
    queries = model.encode(texts, is_query=True, **encoding)
    documents = model.encode(texts, is_query=False, **encoding)
else:
    from sentence_transformers import MultiVectorEncoder

    model = MultiVectorEncoder(checkpoint, **settings)
    queries, documents = model.encode_query(texts, **encoding), model.encode_document(texts, **encoding)

out = sys.stdout.buffer
out.write(struct.pack("<i", queries[0].shape[1]))
for pair in zip(queries, documents):
    for vectors in pair:
        out.write(struct.pack("<i", len(vectors)) + numpy.ascontiguousarray(vectors, "<f4").tobytes())
