#!/usr/bin/env python3
"""Checkpoint directory -> ONNX, opset 17:  to_onnx.py CHECKPOINT out.onnx [--int8]

inputs   input_ids int64 [B,T], attention_mask int64 [B,T]
output   token_embeddings float32 [B,T,d], after the Dense chain, not normalised

Without --int8 it is the float32 graph that the exports on the hub have: standard ops, dense T x T
attention in every layer, one additive mask for padding and sliding window.

--int8 is what onnxruntime's quantize_dynamic(per_channel=True) makes of that: every product with a
weight becomes DynamicQuantizeLinear (uint8, per tensor, at run time) and MatMulInteger (int8,
symmetric, one scale per output column); the token table is int8 with one scale per row.
"""
import argparse
import os

import onnx
from onnx import TensorProto, helper

import onnx_bert
import onnx_modernbert
from checkpoint import load
from graph import Graph

BACKBONES = {"bert": onnx_bert.states, "modernbert": onnx_modernbert.states}


def build(m, int8):
    g = Graph(int8)
    x, width = BACKBONES[m["family"]](g, m), m["hidden"]
    for j, d in enumerate(m["dense"]):
        t, p = d["weights"], "dense.%d." % j
        y = g.linear(x, t["linear.weight"], p + "linear.weight")
        if "linear.bias" in t:
            y = g.op("Add", y, g.const(t["linear.bias"], p + "linear.bias"))
        y = g.activation(d.get("activation_function", "Identity"), y)
        if d.get("use_residual", False):
            y = g.op("Add", y, g.linear(x, t["residual.weight"], p + "residual.weight") if "residual.weight" in t else x)
        x, width = y, t["linear.weight"].shape[0]
    g.nodes.append(helper.make_node("Identity", [x], ["token_embeddings"], name="out"))

    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        g.nodes, m["family"],
        [value("input_ids", TensorProto.INT64, ["B", "T"]), value("attention_mask", TensorProto.INT64, ["B", "T"])],
        [value("token_embeddings", TensorProto.FLOAT, ["B", "T", width])], g.initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], producer_name="to_onnx")
    model.ir_version = 8
    return model


if __name__ == "__main__":
    arguments = argparse.ArgumentParser()
    arguments.add_argument("checkpoint")
    arguments.add_argument("out")
    arguments.add_argument("--int8", action="store_true")
    a = arguments.parse_args()
    model = build(load(a.checkpoint), a.int8)
    onnx.checker.check_model(model)
    onnx.save(model, a.out)
    print("%s: %d nodes, %.1f MB" % (os.path.basename(a.out), len(model.graph.node), os.path.getsize(a.out) / 1e6))
