#!/usr/bin/env python3
"""Packed file -> the checkpoint directory that it was made of, in F32:  unpack.py PACKED OUT"""
import json
import os
import struct
import sys

import numpy as np

from checkpoint import write_safetensors

TYPES = {"F32": "<f4", "F16": "<f2", "I8": "i1"}


def main(packed, out):
    with open(packed, "rb") as f:
        raw = f.read()
    start = 8 + struct.unpack("<Q", raw[:8])[0]
    header = json.loads(raw[8:start])
    for name, text in header.pop("__metadata__").items():
        if not name.startswith("toller."):
            path = os.path.join(out, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf8", newline="") as f:
                f.write(text)

    def values(name):
        entry = header[name]
        begin, end = entry["data_offsets"]
        return np.frombuffer(raw[start + begin:start + end], TYPES[entry["dtype"]]).astype(np.float32).reshape(entry["shape"])

    folders = {}
    for name in header:
        if name.endswith(".scale") and name.removesuffix(".scale") in header:
            continue
        tensor = values(name)
        if header[name]["dtype"] == "I8":  # each row has a scale
            tensor *= values(name + ".scale")[:, None]
        folder, _, own = name.rpartition("/")
        folders.setdefault(folder, {})[own] = tensor
    for folder, tensors in folders.items():
        write_safetensors(os.path.join(out, folder, "model.safetensors"), tensors)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: unpack.py PACKED OUT")
    main(*sys.argv[1:])
