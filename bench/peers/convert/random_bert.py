#!/usr/bin/env python3
"""Makes a BERT of random weights:  random_bert.py OUT LAYERS HIDDEN [SEED]

OUT becomes a checkpoint in PyLate's layout, F32, without a tokenizer: heads of 32, four times as wide
inside as outside, 512 positions and 30,522 words as the common ones of that shape have, projected to
96. Weights are normal with the deviation that training starts from, so that states stay in the range
that they have in a trained model; speed depends on nothing else.
"""
import json
import os
import struct
import sys

import numpy as np

VOCABULARY, POSITIONS, HEAD, PROJECTED = 30522, 512, 32, 96


def write_safetensors(path, tensors):
    header, offset = {}, 0
    for name, values in tensors.items():
        header[name] = {"dtype": "F32", "shape": values.shape, "data_offsets": [offset, offset + values.nbytes]}
        offset += values.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text)
        for values in tensors.values():
            f.write(values.tobytes())


def write_json(value, *path):
    with open(os.path.join(*path), "w", encoding="utf8") as f:
        json.dump(value, f, indent=2)


def tensors(layers, hidden, random):
    def weights(*shape):
        return (0.02 * random.standard_normal(shape)).astype("<f4")

    def norm(name):
        yield name + ".LayerNorm.weight", 1 + weights(hidden)
        yield name + ".LayerNorm.bias", weights(hidden)

    def linear(name, out, width):
        yield name + ".weight", weights(out, width)
        yield name + ".bias", weights(out)

    for name, rows in (("word", VOCABULARY), ("position", POSITIONS), ("token_type", 2)):
        yield "embeddings.%s_embeddings.weight" % name, weights(rows, hidden)
    yield from norm("embeddings")
    for i in range(layers):
        p = "encoder.layer.%d." % i
        for name in ("attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense"):
            yield from linear(p + name, hidden, hidden)
        yield from norm(p + "attention.output")
        yield from linear(p + "intermediate.dense", 4 * hidden, hidden)
        yield from linear(p + "output.dense", hidden, 4 * hidden)
        yield from norm(p + "output")


def main(out, layers, hidden, seed=1):
    random = np.random.default_rng(seed)
    dense = os.path.join(out, "1_Dense")
    os.makedirs(dense)
    write_json({
        "architectures": ["BertModel"], "model_type": "bert", "vocab_size": VOCABULARY, "hidden_size": hidden,
        "num_hidden_layers": layers, "num_attention_heads": hidden // HEAD, "intermediate_size": 4 * hidden,
        "max_position_embeddings": POSITIONS, "type_vocab_size": 2, "hidden_act": "gelu", "layer_norm_eps": 1e-12,
        "pad_token_id": 0,
    }, out, "config.json")
    write_json([
        {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
        {"idx": 1, "name": "1", "path": "1_Dense", "type": "pylate.models.Dense.Dense"},
    ], out, "modules.json")
    write_json({
        "in_features": hidden, "out_features": PROJECTED, "bias": False,
        "activation_function": "torch.nn.modules.linear.Identity",
    }, dense, "config.json")
    write_safetensors(os.path.join(out, "model.safetensors"), dict(tensors(layers, hidden, random)))
    projection = (random.standard_normal((PROJECTED, hidden)) / np.sqrt(hidden)).astype("<f4")
    write_safetensors(os.path.join(dense, "model.safetensors"), {"linear.weight": projection})


if __name__ == "__main__":
    if len(sys.argv) not in (4, 5):
        sys.exit("usage: random_bert.py OUT LAYERS HIDDEN [SEED]")
    main(sys.argv[1], *map(int, sys.argv[2:]))
