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

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from checkpoint import fail, load

LOWEST = np.float32(np.finfo(np.float32).min)


class Graph:
    def __init__(self, int8):
        self.int8 = int8
        self.nodes, self.initializers = [], []
        self.names = 0
        self.quantised = {}  # activation -> its quantised form, scale and zero point
        self.small = {}      # constants that occur often

    def name(self, kind):
        self.names += 1
        return "%s_%d" % (kind.lower(), self.names)

    def const(self, values, name=None):
        values = np.asarray(values)
        key = (values.dtype.str, values.shape, values.tobytes()) if values.size <= 64 and not name else None
        if key in self.small:
            return self.small[key]
        name = name or self.name("const")
        self.initializers.append(numpy_helper.from_array(values if values.ndim == 0 else np.ascontiguousarray(values), name))
        if key:
            self.small[key] = name
        return name

    def op(self, kind, *inputs, outputs=1, **attributes):
        out = [self.name(kind) for _ in range(outputs)]
        self.nodes.append(helper.make_node(kind, list(inputs), out, name=self.name("node"), **attributes))
        return out[0] if outputs == 1 else out

    def ints(self, *v):
        return self.const(np.array(v, np.int64))

    def int(self, v):
        return self.const(np.array(v, np.int64))

    def float(self, v):
        return self.const(np.array(v, np.float32))

    def linear(self, x, w, name):
        """x [.., in] times w [out, in] transposed."""
        if not self.int8:
            return self.op("MatMul", x, self.const(w.T.copy(), name))
        if x not in self.quantised:
            self.quantised[x] = self.op("DynamicQuantizeLinear", x, outputs=3)
        q, scale, zero = self.quantised[x]
        columns = np.maximum(np.abs(w).max(1), 1e-12) / 127
        wq = np.clip(np.rint(w / columns[:, None]), -127, 127).astype(np.int8).T.copy()
        y = self.op("MatMulInteger", q, self.const(wq, name + ".int8"), zero, self.const(np.zeros(w.shape[0], np.int8), name + ".zero"))
        scale = self.op("Mul", scale, self.const(columns.astype(np.float32), name + ".scale"))
        return self.op("Mul", self.op("Cast", y, to=TensorProto.FLOAT), scale)

    def norm(self, x, w, eps, name):
        return self.op("LayerNormalization", x, self.const(w, name), axis=-1, epsilon=float(eps))

    def gelu(self, x):
        erf = self.op("Erf", self.op("Div", x, self.float(np.sqrt(2.0))))
        return self.op("Mul", self.op("Mul", x, self.op("Add", erf, self.float(1.0))), self.float(0.5))

    def activation(self, name, x):
        name = name.split(".")[-1].lower()
        if name == "identity":
            return x
        if name == "gelu":
            return self.gelu(x)
        if name == "silu":
            return self.op("Mul", x, self.op("Sigmoid", x))
        if name not in ("relu", "tanh", "sigmoid"):
            fail("activation_function: %s is not known" % name)
        return self.op(name.capitalize(), x)


def build(m, int8):
    g, w, hidden, heads, eps = Graph(int8), m["weights"], m["hidden"], m["heads"], m["eps"]
    dim = hidden // heads

    table = w["embeddings.tok_embeddings.weight"]
    if int8:
        rows = np.maximum(np.abs(table).max(1), 1e-12) / 127
        quantised = np.clip(np.rint(table / rows[:, None]), -127, 127).astype(np.int8)
        x = g.op("Cast", g.op("Gather", g.const(quantised, "tokens.int8"), "input_ids", axis=0), to=TensorProto.FLOAT)
        x = g.op("Mul", x, g.op("Gather", g.const(rows.astype(np.float32)[:, None], "tokens.scale"), "input_ids", axis=0))
    else:
        x = g.op("Gather", g.const(table, "tokens"), "input_ids", axis=0)
    x = g.norm(x, w["embeddings.norm.weight"], eps, "embeddings.norm.weight")

    # Rotation angles, from the positions at run time as in the model's code.
    length = g.op("Gather", g.op("Shape", "input_ids"), g.int(1), axis=0)
    position = g.op("Range", g.int(0), length, g.int(1))
    column = g.op("Unsqueeze", g.op("Cast", position, to=TensorProto.FLOAT), g.ints(1))
    angles = {}
    for theta in sorted(set(m["theta"])):
        exponents = np.arange(0, dim, 2, dtype=np.float32) / np.float32(dim)
        inverse = np.float32(1) / (theta ** exponents.astype(np.float64)).astype(np.float32)
        a = g.op("Mul", column, g.const(inverse[None, :], "inverse_frequencies_%g" % theta))
        a = g.op("Concat", a, a, axis=-1)
        angles[theta] = (g.op("Cos", a), g.op("Sin", a))

    # Masks: [B,1,1,T] for global layers, [B,1,T,T] for local ones.
    attended = g.op("Cast", g.op("Unsqueeze", "attention_mask", g.ints(1, 2)), to=TensorProto.FLOAT)
    global_mask = g.op("Mul", g.op("Sub", g.float(1.0), attended), g.float(LOWEST))
    distance = g.op("Abs", g.op("Sub", g.op("Unsqueeze", position, g.ints(0)), g.op("Unsqueeze", position, g.ints(1))))
    near = g.op("LessOrEqual", distance, g.int(m["half_window"]))
    local_mask = g.op("Where", g.op("Unsqueeze", near, g.ints(0, 1)), global_mask, g.float(LOWEST))

    def rotate(v, cos, sin):
        a = g.op("Slice", v, g.ints(0), g.ints(dim // 2), g.ints(3))
        b = g.op("Slice", v, g.ints(dim // 2), g.ints(2 ** 62), g.ints(3))
        return g.op("Add", g.op("Mul", v, cos), g.op("Mul", g.op("Concat", g.op("Neg", b), a, axis=-1), sin))

    for i in range(m["layers"]):
        p = "layers.%d." % i
        a = g.norm(x, w[p + "attn_norm.weight"], eps, p + "attn_norm.weight") if i else x
        qkv = g.linear(a, w[p + "attn.Wqkv.weight"], p + "attn.Wqkv.weight")
        qkv = g.op("Transpose", g.op("Reshape", qkv, g.ints(0, 0, 3, heads, dim)), perm=[2, 0, 3, 1, 4])
        q, k, v = [g.op("Gather", qkv, g.int(j), axis=0) for j in range(3)]
        q, k = [rotate(y, *angles[m["theta"][i]]) for y in (q, k)]
        scores = g.op("Mul", g.op("MatMul", q, g.op("Transpose", k, perm=[0, 1, 3, 2])), g.float(dim ** -0.5))
        shares = g.op("Softmax", g.op("Add", scores, global_mask if m["is_global"][i] else local_mask), axis=-1)
        o = g.op("Reshape", g.op("Transpose", g.op("MatMul", shares, v), perm=[0, 2, 1, 3]), g.ints(0, 0, hidden))
        x = g.op("Add", x, g.linear(o, w[p + "attn.Wo.weight"], p + "attn.Wo.weight"))
        h = g.norm(x, w[p + "mlp_norm.weight"], eps, p + "mlp_norm.weight")
        wi = w[p + "mlp.Wi.weight"]
        half = wi.shape[0] // 2
        u, gate = g.op("Split", g.linear(h, wi, p + "mlp.Wi.weight"), g.ints(half, half), outputs=2, axis=-1)
        x = g.op("Add", x, g.linear(g.op("Mul", g.gelu(u), gate), w[p + "mlp.Wo.weight"], p + "mlp.Wo.weight"))
    x = g.norm(x, w["final_norm.weight"], eps, "final_norm.weight")

    width = hidden
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
        g.nodes, "modernbert",
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
