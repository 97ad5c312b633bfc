"""An ONNX graph that is put together operator by operator."""
import numpy as np
from onnx import TensorProto, helper, numpy_helper

from checkpoint import fail

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

    def rows(self, table, ids):
        """Rows of a table of embeddings [vocabulary, width]."""
        if not self.int8:
            return self.op("Gather", self.const(table, "tokens"), ids, axis=0)
        scales = np.maximum(np.abs(table).max(1), 1e-12) / 127
        quantised = np.clip(np.rint(table / scales[:, None]), -127, 127).astype(np.int8)
        x = self.op("Cast", self.op("Gather", self.const(quantised, "tokens.int8"), ids, axis=0), to=TensorProto.FLOAT)
        return self.op("Mul", x, self.op("Gather", self.const(scales.astype(np.float32)[:, None], "tokens.scale"), ids, axis=0))

    def padding(self, mask):
        """What is added to scores so that nothing attends to padding: [B,1,1,T] from a mask [B,T]."""
        attended = self.op("Cast", self.op("Unsqueeze", mask, self.ints(1, 2)), to=TensorProto.FLOAT)
        return self.op("Mul", self.op("Sub", self.float(1.0), attended), self.float(LOWEST))

    def norm(self, x, eps, name, w, bias=None):
        more = [] if bias is None else [self.const(bias, name + ".bias")]
        return self.op("LayerNormalization", x, self.const(w, name + ".weight"), *more, axis=-1, epsilon=float(eps))

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
