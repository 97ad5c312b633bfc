#!/usr/bin/env python3
"""Checkpoint directory -> GGUF v3, llama.cpp's "modern-bert":  to_gguf.py CHECKPOINT out.gguf

The backbone alone, since llama.cpp has no Dense chain: what comes out are the encoder's last hidden
states. Matrices are F16, norms F32.
"""
import os
import struct
import sys

import numpy as np

from checkpoint import fail, load, read_json

U32, I32, F32, BOOL, STRING, ARRAY = 4, 5, 6, 7, 8, 9  # value types of GGUF
NORMAL, CONTROL, USER, UNUSED = 1, 3, 4, 5             # token types of llama.cpp
ALIGNMENT = 32


def text(s):
    return struct.pack("<Q", len(s.encode())) + s.encode()


def encode(kind, value):
    if kind == STRING:
        return text(value)
    if kind == ARRAY:
        element, items = value
        body = b"".join(map(text, items)) if element == STRING else struct.pack("<%di" % len(items), *items)
        return struct.pack("<IQ", element, len(items)) + body
    return struct.pack({U32: "<I", F32: "<f", BOOL: "<?"}[kind], value)


def vocabulary(tokenizer, size):
    """Tokens, their types, the merges, and the ids of the added tokens by name."""
    tokens, kinds, added = ["[unused-%d]" % i for i in range(size)], [UNUSED] * size, {}
    for token, i in tokenizer["model"]["vocab"].items():
        tokens[i], kinds[i] = token, NORMAL
    for a in tokenizer["added_tokens"]:
        tokens[a["id"]], kinds[a["id"]] = a["content"], CONTROL if a["special"] else USER
        added[a["content"]] = a["id"]
    merges = [" ".join(m) if isinstance(m, list) else m for m in tokenizer["model"]["merges"]]
    return tokens, kinds, merges, added


def metadata(name, m, tokenizer):
    w, arch = m["weights"], "modern-bert."
    size = w["embeddings.tok_embeddings.weight"].shape[0]
    tokens, kinds, merges, added = vocabulary(tokenizer, size)
    theta_local = next((t for t, g in zip(m["theta"], m["is_global"]) if not g), m["theta"][0])
    fields = [
        ("general.architecture", STRING, "modern-bert"),
        ("general.name", STRING, name),
        ("general.file_type", U32, 1),  # mostly F16
        (arch + "context_length", U32, 32768),
        (arch + "embedding_length", U32, m["hidden"]),
        (arch + "block_count", U32, m["layers"]),
        (arch + "feed_forward_length", U32, w["layers.0.mlp.Wo.weight"].shape[1]),
        (arch + "attention.head_count", U32, m["heads"]),
        (arch + "attention.layer_norm_epsilon", F32, m["eps"]),
        (arch + "attention.causal", BOOL, False),
        (arch + "attention.sliding_window", U32, 2 * m["half_window"]),
        (arch + "attention.sliding_window_pattern", U32, 3),
        (arch + "rope.freq_base", F32, m["theta"][0]),
        (arch + "rope.freq_base_swa", F32, theta_local),
        (arch + "vocab_size", U32, size),
        ("tokenizer.ggml.model", STRING, "gpt2"),
        ("tokenizer.ggml.pre", STRING, "gpt-2"),
        ("tokenizer.ggml.tokens", ARRAY, (STRING, tokens)),
        ("tokenizer.ggml.token_type", ARRAY, (I32, kinds)),
        ("tokenizer.ggml.merges", ARRAY, (STRING, merges)),
        ("tokenizer.ggml.add_bos_token", BOOL, True),
        ("tokenizer.ggml.add_eos_token", BOOL, True),
    ]
    # "seperator" is how GGUF spells it.
    for key, token in (("bos", "[CLS]"), ("eos", "[SEP]"), ("seperator", "[SEP]"), ("unknown", "[UNK]"), ("padding", "[PAD]"), ("mask", "[MASK]")):
        fields.append(("tokenizer.ggml.%s_token_id" % key, U32, added[token]))
    return fields


def tensors(m):
    w = m["weights"]
    yield "token_embd.weight", w["embeddings.tok_embeddings.weight"]
    yield "token_embd_norm.weight", w["embeddings.norm.weight"]
    yield "output_norm.weight", w["final_norm.weight"]
    for i in range(m["layers"]):
        ours, theirs = "layers.%d." % i, "blk.%d." % i
        if i:
            yield theirs + "attn_norm.weight", w[ours + "attn_norm.weight"]
        yield theirs + "attn_qkv.weight", w[ours + "attn.Wqkv.weight"]
        yield theirs + "attn_output.weight", w[ours + "attn.Wo.weight"]
        yield theirs + "ffn_norm.weight", w[ours + "mlp_norm.weight"]
        yield theirs + "ffn_up.weight", w[ours + "mlp.Wi.weight"]
        yield theirs + "ffn_down.weight", w[ours + "mlp.Wo.weight"]


def main(source, out):
    m = load(source)
    if m["family"] != "modernbert":
        fail("only ModernBERT is converted for llama.cpp, the checkpoint is " + m["family"])
    if m["is_global"] != [i % 3 == 0 for i in range(m["layers"])]:
        fail("llama.cpp expects a global layer and two local ones in turn, the checkpoint has another order")
    fields = metadata(os.path.basename(os.path.normpath(source)), m, read_json(source, "tokenizer.json"))
    pairs = b"".join(text(key) + struct.pack("<I", kind) + encode(kind, value) for key, kind, value in fields)

    index, data, offset = [], [], 0
    for name, values in tensors(m):
        matrix = values.ndim == 2
        body = values.astype(np.float16 if matrix else np.float32).tobytes()
        body += b"\0" * (-len(body) % ALIGNMENT)
        index.append(text(name) + struct.pack("<I%dQIQ" % values.ndim, values.ndim, *values.shape[::-1], int(matrix), offset))
        data.append(body)
        offset += len(body)
    head = b"GGUF" + struct.pack("<IQQ", 3, len(index), len(fields)) + pairs + b"".join(index)
    with open(out, "wb") as f:
        f.write(head + b"\0" * (-len(head) % ALIGNMENT))
        f.writelines(data)
    print("%s: %d tensors, %.1f MB" % (os.path.basename(out), len(index), os.path.getsize(out) / 1e6))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: to_gguf.py CHECKPOINT out.gguf")
    main(*sys.argv[1:])
