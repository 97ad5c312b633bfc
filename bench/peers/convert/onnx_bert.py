"""BERT as ONNX operators, as exports of it have them."""
import numpy as np


def states(g, m):
    """Token states [B,T,H] of the inputs input_ids and attention_mask [B,T]."""
    w, hidden, heads, eps = m["weights"], m["hidden"], m["heads"], m["eps"]
    dim = hidden // heads

    def linear(x, name):
        y = g.linear(x, w[name + ".weight"], name + ".weight")
        return g.op("Add", y, g.const(w[name + ".bias"], name + ".bias"))

    def norm(x, name):
        """Old checkpoints call weight and bias gamma and beta."""
        name += ".LayerNorm"
        weight = w[name + ".gamma"] if name + ".gamma" in w else w[name + ".weight"]
        bias = w[name + ".beta"] if name + ".beta" in w else w[name + ".bias"]
        return g.norm(x, eps, name, weight, bias)

    def split(x, *order):
        return g.op("Transpose", g.op("Reshape", x, g.ints(0, 0, heads, dim)), perm=list(order))

    # All tokens are of the first type, so that a position's embedding and the type's are one row.
    places = w["embeddings.position_embeddings.weight"] + w["embeddings.token_type_embeddings.weight"][0]
    length = g.op("Gather", g.op("Shape", "input_ids"), g.ints(1), axis=0)
    place = g.op("Slice", g.const(places, "places"), g.ints(0), length, g.ints(0))
    x = norm(g.op("Add", g.rows(w["embeddings.word_embeddings.weight"], "input_ids"), place), "embeddings")
    mask = g.padding("attention_mask")

    for i in range(m["layers"]):
        p = "encoder.layer.%d." % i
        q, k, v = [linear(x, p + "attention.self." + name) for name in ("query", "key", "value")]
        scores = g.op("Div", g.op("MatMul", split(q, 0, 2, 1, 3), split(k, 0, 2, 3, 1)), g.float(np.sqrt(dim)))
        shares = g.op("Softmax", g.op("Add", scores, mask), axis=-1)
        mixed = g.op("Transpose", g.op("MatMul", shares, split(v, 0, 2, 1, 3)), perm=[0, 2, 1, 3])
        o = linear(g.op("Reshape", mixed, g.ints(0, 0, hidden)), p + "attention.output.dense")
        x = norm(g.op("Add", o, x), p + "attention.output")
        inner = g.gelu(linear(x, p + "intermediate.dense"))
        x = norm(g.op("Add", linear(inner, p + "output.dense"), x), p + "output")
    return x
