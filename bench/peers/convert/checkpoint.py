"""Reads a checkpoint directory: PyLate's layout, ModernBERT or BERT as the backbone."""
import json
import os
import struct
import sys

import numpy as np


def fail(message):
    sys.exit("convert: " + message)


def read_json(directory, *name):
    path = os.path.join(directory, *name)
    if not os.path.exists(path):
        fail(path + " is missing")
    with open(path, encoding="utf8") as f:
        return json.load(f)


def read_safetensors(path):
    """All tensors of a file, widened to float32. "model." and "bert." in front of a name are dropped."""
    if not os.path.exists(path):
        fail(path + " is missing (a sharded checkpoint can't be converted)")
    with open(path, "rb") as f:
        raw = f.read()
    start = 8 + struct.unpack("<Q", raw[:8])[0]
    tensors = {}
    for name, entry in json.loads(raw[8:start]).items():
        if name == "__metadata__":
            continue
        begin, end = entry["data_offsets"]
        data = raw[start + begin:start + end]
        if entry["dtype"] == "BF16":
            values = (np.frombuffer(data, "<u2").astype("<u4") << 16).view("<f4")
        elif entry["dtype"] in ("F16", "F32"):
            values = np.frombuffer(data, "<f2" if entry["dtype"] == "F16" else "<f4")
        else:
            fail("%s: %s: expected F16, BF16 or F32, found %s" % (path, name, entry["dtype"]))
        tensors[name.removeprefix("model.").removeprefix("bert.")] = values.astype(np.float32).reshape(entry["shape"])
    return tensors


def write_safetensors(path, tensors):
    """Writes arrays of float32 by name."""
    header, offset = {}, 0
    for name, values in tensors.items():
        header[name] = {"dtype": "F32", "shape": values.shape, "data_offsets": [offset, offset + values.nbytes]}
        offset += values.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text)
        for values in tensors.values():
            f.write(values.astype("<f4").tobytes())


def write_json(value, *path):
    with open(os.path.join(*path), "w", encoding="utf8") as f:
        json.dump(value, f, indent=2)


def load(directory):
    """Shape, weights and Dense chain; what they are called is what model_type's own function returns."""
    c = read_json(directory, "config.json")
    families = {"modernbert": modernbert, "bert": bert}
    family = c.get("model_type", "modernbert")
    if family not in families:
        fail("config.json: model_type: expected one of %s, found %s" % (", ".join(sorted(families)), family))
    dense = []
    for module in read_json(directory, "modules.json"):
        if module["type"].split(".")[-1] == "Dense":
            d = read_json(directory, module["path"], "config.json")
            d["weights"] = read_safetensors(os.path.join(directory, module["path"], "model.safetensors"))
            dense.append(d)
    return dict(
        family=family, hidden=c["hidden_size"], heads=c["num_attention_heads"], layers=c["num_hidden_layers"],
        weights=read_safetensors(os.path.join(directory, "model.safetensors")), dense=dense, **families[family](c))


def modernbert(c):
    """Both forms of config.json are read: with global_attn_every_n_layers and *_rope_theta, and with
    layer_types and rope_parameters."""
    if c.get("hidden_activation", "gelu") != "gelu":
        fail("config.json: hidden_activation: expected gelu, found " + c["hidden_activation"])
    layers, every = c["num_hidden_layers"], c.get("global_attn_every_n_layers", 3)
    kinds = c.get("layer_types") or ["sliding_attention" if i % every else "full_attention" for i in range(layers)]
    rope = c.get("rope_parameters") or {}
    for kind, r in rope.items():
        if r.get("rope_type", "default") != "default":
            fail("config.json: rope_parameters.%s.rope_type: expected default, found %s" % (kind, r["rope_type"]))
    theta_global = rope.get("full_attention", {}).get("rope_theta", c.get("global_rope_theta", 160000.0))
    theta_local = rope.get("sliding_attention", {}).get("rope_theta", c.get("local_rope_theta", 10000.0))
    if theta_local is None:
        theta_local = theta_global
    return dict(
        eps=c.get("norm_eps", 1e-5), half_window=c.get("local_attention", 128) // 2,
        is_global=[k == "full_attention" for k in kinds],
        theta=[float(theta_global if k == "full_attention" else theta_local) for k in kinds])


def bert(c):
    if c.get("hidden_act", "gelu") != "gelu":
        fail("config.json: hidden_act: expected gelu, found " + c["hidden_act"])
    if c.get("position_embedding_type", "absolute") != "absolute":
        fail("config.json: position_embedding_type: expected absolute, found " + c["position_embedding_type"])
    return dict(eps=c.get("layer_norm_eps", 1e-12), positions=c["max_position_embeddings"])
