# torch with transformers as a line server:  python -c SOURCE CHECKPOINT THREADS MAX_TOKENS
#
# The protocol is that of onnx.cjs: what is in the time is the model's forward pass and the Dense chain, from
# filled tensors of ids to vectors in memory. float32 weights, and the attention that transformers chooses, which
# is torch's scaled_dot_product_attention. Without padding the mask is left out, as the model's code is faster then.
import json
import os
import statistics
import sys
import time

os.environ["HF_HUB_OFFLINE"] = "1"  # nothing of a checkpoint comes from elsewhere
checkpoint, threads = sys.argv[1], int(sys.argv[2])

import torch
import transformers
from safetensors.torch import load_file

torch.set_num_threads(threads)
torch.set_num_interop_threads(1)
transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()


def read(*name):
    with open(os.path.join(checkpoint, *name), encoding="utf8") as f:
        return json.load(f)


def dense_chain():
    for module in read("modules.json"):
        if module["type"].split(".")[-1] != "Dense":
            continue
        c = read(module["path"], "config.json")
        if c.get("activation_function", "Identity").split(".")[-1] != "Identity" or c.get("use_residual", False):
            sys.exit("%s: expected a Dense module without activation and residual" % module["path"])
        t = load_file(os.path.join(checkpoint, module["path"], "model.safetensors"))
        yield t["linear.weight"].float(), t["linear.bias"].float() if "linear.bias" in t else None


def inputs(documents):
    longest = max(map(len, documents))
    ids = torch.zeros((len(documents), longest), dtype=torch.int64)
    mask = torch.zeros_like(ids)
    for row, document in enumerate(documents):
        ids[row, : len(document)] = torch.tensor(document)
        mask[row, : len(document)] = 1
    return {"input_ids": ids} if bool(mask.all()) else {"input_ids": ids, "attention_mask": mask}


with torch.inference_mode():
    kinds = {"bert": {"add_pooling_layer": False}}
    model = transformers.AutoModel.from_pretrained(
        checkpoint, dtype=torch.float32, local_files_only=True, **kinds.get(read("config.json")["model_type"], {})).eval()
    chain = list(dense_chain())

    def run(feed):
        x = model(**feed).last_hidden_state
        for weight, bias in chain:
            x = torch.nn.functional.linear(x, weight, bias)
        return x

    print("ready torch %s, transformers %s" % (torch.__version__, transformers.__version__), flush=True)
    for line in sys.stdin:
        least, _, rest = line.partition(" ")
        documents = [[int(i) for i in d.split()] for d in rest.split(";")]
        feed, times, start = inputs(documents), [], time.perf_counter()
        while not times or (time.perf_counter() - start) * 1e3 < float(least):
            t = time.perf_counter()
            out = run(feed)
            times.append((time.perf_counter() - t) * 1e3)
        vector = out[0, len(documents[0]) - 1].tolist()
        print(statistics.median(times), *vector, flush=True)
