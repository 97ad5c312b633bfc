#!/usr/bin/env python3
"""Makes a BERT of random weights:  random_bert.py OUT LAYERS HIDDEN [SEED]

OUT becomes a checkpoint in PyLate's layout, F32: heads of 32, four times as wide inside as outside, 512
positions and 30,522 words as the common ones of that shape have, projected to 96. The words of its
tokenizer are made up, four letters each. Weights are normal with the deviation that training starts
from, so that states stay in the range that they have in a trained model; speed depends on nothing else.
"""
import os
import sys

import numpy as np

from checkpoint import write_json, write_safetensors

# Where bert-base-uncased has them.
SPECIAL = {"pad_token": 0, "unk_token": 100, "cls_token": 101, "sep_token": 102, "mask_token": 103}
VOCABULARY, POSITIONS, HEAD, PROJECTED = 30522, 512, 32, 96


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


def tokenizer():
    """WordPiece of SPECIAL, tokens without a use, and words."""
    words = ["[unused%d]" % (i - 1) for i in range(VOCABULARY)]
    for i in range(1000, VOCABULARY):
        words[i] = "".join(chr(ord("a") + i // 26 ** place % 26) for place in range(4))
    special = []
    for name, i in SPECIAL.items():
        words[i] = "[%s]" % name[:3].upper() if name != "mask_token" else "[MASK]"
        special.append({
            "id": i, "content": words[i], "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True,
        })
    cls, sep = words[SPECIAL["cls_token"]], words[SPECIAL["sep_token"]]

    def piece(kind, name):
        return {kind: {"id": name, "type_id": 0}}

    return words, {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": special,
        "normalizer": {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": None, "lowercase": True},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [piece("SpecialToken", cls), piece("Sequence", "A"), piece("SpecialToken", sep)],
            "pair": [
                piece("SpecialToken", cls), piece("Sequence", "A"), piece("SpecialToken", sep),
                {"Sequence": {"id": "B", "type_id": 1}}, {"SpecialToken": {"id": sep, "type_id": 1}},
            ],
            "special_tokens": {
                cls: {"id": cls, "ids": [SPECIAL["cls_token"]], "tokens": [cls]},
                sep: {"id": sep, "ids": [SPECIAL["sep_token"]], "tokens": [sep]},
            },
        },
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
        "model": {
            "type": "WordPiece", "unk_token": words[SPECIAL["unk_token"]], "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100, "vocab": {word: i for i, word in enumerate(words)},
        },
    }


def main(out, layers, hidden, seed=1):
    random = np.random.default_rng(seed)
    dense = os.path.join(out, "1_Dense")
    os.makedirs(dense)
    write_json({
        "architectures": ["BertModel"], "model_type": "bert", "vocab_size": VOCABULARY, "hidden_size": hidden,
        "num_hidden_layers": layers, "num_attention_heads": hidden // HEAD, "intermediate_size": 4 * hidden,
        "max_position_embeddings": POSITIONS, "type_vocab_size": 2, "hidden_act": "gelu", "hidden_dropout_prob": 0.1,
        "attention_probs_dropout_prob": 0.1, "initializer_range": 0.02, "layer_norm_eps": 1e-12,
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
    write_json({
        "model_type": "ColBERT", "similarity_fn_name": "MaxSim", "query_prefix": "[unused0]", "document_prefix": "[unused1]",
        "query_length": 32, "document_length": POSITIONS, "do_query_expansion": False, "attend_to_expansion_tokens": False,
        "skiplist_words": [],
    }, out, "config_sentence_transformers.json")
    words, files = tokenizer()
    write_json(files, out, "tokenizer.json")
    special = {name: words[i] for name, i in SPECIAL.items()}
    write_json(special, out, "special_tokens_map.json")
    write_json({"tokenizer_class": "BertTokenizer", "do_lower_case": True, **special}, out, "tokenizer_config.json")
    write_safetensors(os.path.join(out, "model.safetensors"), dict(tensors(layers, hidden, random)))
    projection = (random.standard_normal((PROJECTED, hidden)) / np.sqrt(hidden)).astype("<f4")
    write_safetensors(os.path.join(dense, "model.safetensors"), {"linear.weight": projection})


if __name__ == "__main__":
    if len(sys.argv) not in (4, 5):
        sys.exit("usage: random_bert.py OUT LAYERS HIDDEN [SEED]")
    main(sys.argv[1], *map(int, sys.argv[2:]))
