#!/usr/bin/env python3
"""Checkpoint directory -> what pylate-rs takes:  to_pylate_rs.py CHECKPOINT OUT

pylate-rs has one projection, a matrix: the Dense chain is multiplied together, and refused if that
can't be done. It puts a prefix before every text, and fills queries up: here the prefix is empty, and a
text is given as a document.
"""
import os
import shutil
import sys

import numpy as np

from checkpoint import fail, load, read_json, write_json, write_safetensors


def main(checkpoint, out):
    m = load(checkpoint)
    folded = np.eye(m["hidden"], dtype=np.float64)
    for d in m["dense"]:
        if d.get("bias") or d.get("use_residual") or not d.get("activation_function", "Identity").endswith("Identity"):
            fail("pylate-rs has no Dense with a bias, a residual or an activation")
        folded = d["weights"]["linear.weight"].astype(np.float64) @ folded
    os.makedirs(out)
    config = read_json(checkpoint, "config.json")
    # Its ModernBERT wants these under the names that older configurations have.
    config.setdefault("layer_norm_eps", config.get("norm_eps", 1e-5))
    write_json(config, out, "config.json")
    write_safetensors(os.path.join(out, "model.safetensors"), m["weights"])
    write_safetensors(os.path.join(out, "dense.safetensors"), {"linear.weight": folded.astype(np.float32)})
    write_json({"in_features": folded.shape[1], "out_features": folded.shape[0], "bias": False}, out, "dense.json")
    write_json({"query_prefix": "", "document_prefix": "", "query_length": 32, "document_length": 512}, out, "sentence.json")
    write_json({"mask_token": "[MASK]"}, out, "special.json")
    shutil.copy(os.path.join(checkpoint, "tokenizer.json"), out)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: to_pylate_rs.py CHECKPOINT OUT")
    main(*sys.argv[1:])
