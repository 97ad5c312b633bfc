"""ModernBERT as ONNX operators: all layers attend densely, the sliding window is a mask."""
import numpy as np
from onnx import TensorProto

from graph import LOWEST


def states(g, m):
    """Token states [B,T,H] of the inputs input_ids and attention_mask [B,T]."""
    w, hidden, heads, eps = m["weights"], m["hidden"], m["heads"], m["eps"]
    dim = hidden // heads
    x = g.norm(g.rows(w["embeddings.tok_embeddings.weight"], "input_ids"), eps, "embeddings.norm", w["embeddings.norm.weight"])

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
    global_mask = g.padding("attention_mask")
    distance = g.op("Abs", g.op("Sub", g.op("Unsqueeze", position, g.ints(0)), g.op("Unsqueeze", position, g.ints(1))))
    near = g.op("LessOrEqual", distance, g.int(m["half_window"]))
    local_mask = g.op("Where", g.op("Unsqueeze", near, g.ints(0, 1)), global_mask, g.float(LOWEST))

    def rotate(v, cos, sin):
        a = g.op("Slice", v, g.ints(0), g.ints(dim // 2), g.ints(3))
        b = g.op("Slice", v, g.ints(dim // 2), g.ints(2 ** 62), g.ints(3))
        return g.op("Add", g.op("Mul", v, cos), g.op("Mul", g.op("Concat", g.op("Neg", b), a, axis=-1), sin))

    for i in range(m["layers"]):
        p = "layers.%d." % i
        a = g.norm(x, eps, p + "attn_norm", w[p + "attn_norm.weight"]) if i else x
        qkv = g.linear(a, w[p + "attn.Wqkv.weight"], p + "attn.Wqkv.weight")
        qkv = g.op("Transpose", g.op("Reshape", qkv, g.ints(0, 0, 3, heads, dim)), perm=[2, 0, 3, 1, 4])
        q, k, v = [g.op("Gather", qkv, g.int(j), axis=0) for j in range(3)]
        q, k = [rotate(y, *angles[m["theta"][i]]) for y in (q, k)]
        scores = g.op("Mul", g.op("MatMul", q, g.op("Transpose", k, perm=[0, 1, 3, 2])), g.float(dim ** -0.5))
        shares = g.op("Softmax", g.op("Add", scores, global_mask if m["is_global"][i] else local_mask), axis=-1)
        o = g.op("Reshape", g.op("Transpose", g.op("MatMul", shares, v), perm=[0, 2, 1, 3]), g.ints(0, 0, hidden))
        x = g.op("Add", x, g.linear(o, w[p + "attn.Wo.weight"], p + "attn.Wo.weight"))
        h = g.norm(x, eps, p + "mlp_norm", w[p + "mlp_norm.weight"])
        wi = w[p + "mlp.Wi.weight"]
        half = wi.shape[0] // 2
        u, gate = g.op("Split", g.linear(h, wi, p + "mlp.Wi.weight"), g.ints(half, half), outputs=2, axis=-1)
        x = g.op("Add", x, g.linear(g.op("Mul", g.gelu(u), gate), w[p + "mlp.Wo.weight"], p + "mlp.Wo.weight"))
    return g.norm(x, eps, "final_norm", w["final_norm.weight"])
