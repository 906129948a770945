"""Builds ONNX graphs of UpscalerJS' ESRGAN networks around their published weights.

Usage: python convert-upscaler.py PACKAGE OUT_DIR [--scales x4] [--check]

PACKAGE is an unpacked npm package of that family, such as @upscalerjs/esrgan-thick 1.0.0 (MIT; npm pack @upscalerjs/esrgan-thick@1.0.0).
Its model.json (TensorFlow.js, Keras layers) becomes OUT_DIR/x4.onnx of some kilobytes: each initialiser points by offset into the
package's own weight files, expected beside the graph as x4.group1-shard1of7.bin and so on (ONNX external data). TensorFlow keeps
kernels as height, width, in, out: the graph transposes them, and joins those that go on in the next file; ONNX Runtime folds both when it
loads. The weights are float32, not quantised. The graphs take and give 0 to 1, batch x 3 x height x width, as most upscalers in ONNX do.

--check also evaluates every layer with numpy alone and compares: the greatest difference on a random picture is printed and has to be
below 1e-4. Needs, from PyPI: numpy onnx onnxruntime (tried with 2.4.6, 1.23.2, 1.31.1). models/starter-upscaler was made with

    python convert-upscaler.py package ../models/starter-upscaler --scales x4 --check

The smaller packages of the family, slim and medium, come out worse than a Lanczos filter, and at 4x with blocks: they were not taken.
"""
import argparse
import json
import shutil
import tempfile
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper



def read_model(folder):
    """-> (layers, {weight name: (shape, [(file, offset, count of values)])}); a weight may go on in the next file"""
    model = json.loads((folder / "model.json").read_text())
    layers = model["modelTopology"]["model_config"]["config"]["layers"]
    group, = model["weightsManifest"]
    files = [(path, (folder / path).stat().st_size // 4) for path in group["paths"]]
    weights, at = {}, 0
    for entry in group["weights"]:
        assert entry["dtype"] == "float32" and "quantization" not in entry, entry
        pieces, wanted = [], int(np.prod(entry["shape"]))
        while wanted > 0:
            count = min(wanted, files[0][1] - at)
            pieces.append((files[0][0], 4 * at, count))
            wanted, at = wanted - count, at + count
            if at == files[0][1]:
                files, at = files[1:], 0
        weights[entry["name"]] = (entry["shape"], pieces)
    assert not files
    return layers, weights


def sources_of(layer):
    return [node[0] for node in layer["inbound_nodes"][0]] if layer["inbound_nodes"] else []


def external(name, shape, piece, prefix):
    path, offset, count = piece
    tensor = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=shape, data_location=TensorProto.EXTERNAL)
    for key, value in (("location", prefix + path), ("offset", offset), ("length", 4 * count)):
        tensor.external_data.add(key=key, value=str(value))
    return tensor


def weight(name, weights, prefix):
    """-> (initialisers, nodes) that give a weight under its name"""
    shape, pieces = weights[name]
    if len(pieces) == 1:
        return [external(name, shape, pieces[0], prefix)], []
    parts = [external(f"{name}/{number}", [piece[2]], piece, prefix) for number, piece in enumerate(pieces)]
    whole = helper.make_tensor(f"{name}/shape", TensorProto.INT64, [len(shape)], shape)
    return [*parts, whole], [
        helper.make_node("Concat", [part.name for part in parts], [f"{name}/flat"], axis=0),
        helper.make_node("Reshape", [f"{name}/flat", f"{name}/shape"], [name]),
    ]


def convolution(layer, weights, prefix):
    name, config = layer["name"], layer["config"]
    assert config["strides"] == [1, 1] and config["dilation_rate"] == [1, 1] and config["activation"] == "linear" and config["use_bias"]
    kernel, kernel_nodes = weight(f"{name}/kernel", weights, prefix)
    bias, bias_nodes = weight(f"{name}/bias", weights, prefix)
    pads = [size // 2 for size in config["kernel_size"]] * 2
    return [*kernel, *bias], [
        *kernel_nodes, *bias_nodes,
        helper.make_node("Transpose", [f"{name}/kernel"], [f"{name}/turned"], perm=[3, 2, 0, 1]),
        helper.make_node("Conv", [sources_of(layer)[0], f"{name}/turned", f"{name}/bias"], [name], pads=pads),
    ]


def constant(name, values):
    return helper.make_tensor(name, TensorProto.FLOAT, [len(values)], values)


def layer_nodes(layer, weights, prefix):
    """-> (initialisers, nodes) of one Keras layer; its result has the layer's name"""
    kind, name, config, sources = layer["class_name"], layer["name"], layer["config"], sources_of(layer)
    if kind == "Conv2D":
        return convolution(layer, weights, prefix)
    if kind == "InputLayer":
        return [], [helper.make_node("Mul", ["image", "range"], [name])]
    if kind == "Activation" and config["activation"] == "relu":
        return [], [helper.make_node("Relu", sources, [name])]
    if kind == "Add":
        return [], [helper.make_node("Add", sources, [name])]
    if kind == "Concatenate":
        return [], [helper.make_node("Concat", sources, [name], axis=1)]
    if kind == "MultiplyBeta":
        return [constant(f"{name}/beta", [config["beta"]])], [helper.make_node("Mul", [sources[0], f"{name}/beta"], [name])]
    if kind.startswith("PixelShuffle"):
        return [], [helper.make_node("DepthToSpace", sources, [name], blocksize=config["scale"], mode="DCR")]
    if kind == "UpSampling2D":
        how = {"nearest": {"mode": "nearest", "nearest_mode": "floor"}, "bilinear": {"mode": "linear"}}[config["interpolation"]]
        where = "asymmetric" if config["interpolation"] == "nearest" else "half_pixel"
        scales = constant(f"{name}/scales", [1.0, 1.0, *map(float, config["size"])])
        return [scales], [helper.make_node("Resize", [sources[0], "", f"{name}/scales"], [name], coordinate_transformation_mode=where, **how)]
    raise SystemExit(f"unknown layer {kind} {config}")


def range_of(layers):
    """What the network calls white: its residual dense form takes bytes, the one with pixel shuffling 0 to 1."""
    return 1.0 if any(layer["class_name"].startswith("PixelShuffle") for layer in layers) else 255.0


def build(folder, prefix):
    layers, weights = read_model(folder)
    parts = [layer_nodes(layer, weights, prefix) for layer in layers]
    initialisers = [constant("range", [range_of(layers)]), *(tensor for tensors, _ in parts for tensor in tensors)]
    nodes = [node for _, some in parts for node in some]
    nodes.append(helper.make_node("Div", [layers[-1]["name"], "range"], ["enlarged"]))
    shape = lambda size: ["batch", 3, f"height{size}", f"width{size}"]
    graph = helper.make_graph(
        nodes, "upscaler",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, shape(""))],
        [helper.make_tensor_value_info("enlarged", TensorProto.FLOAT, shape("_out"))],
        initialisers,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], producer_name="atelier")
    model.ir_version = 8
    return model


def evaluate(folder, picture):
    """The Keras layers in numpy: picture of height x width x 3 in 0 to 1 -> the same, enlarged"""
    layers, weights = read_model(folder)
    values, white = {}, range_of(layers)
    for layer in layers:
        kind, name, config = layer["class_name"], layer["name"], layer["config"]
        given = [values[source] for source in sources_of(layer)]
        if kind == "InputLayer":
            values[name] = picture * white
        elif kind == "Conv2D":
            kernel, bias = (values_of(folder, *weights[f"{name}/{part}"]) for part in ("kernel", "bias"))
            shape = kernel.shape
            reach = shape[0] // 2
            padded = np.pad(given[0], ((reach, reach), (reach, reach), (0, 0)))
            height, wide = given[0].shape[:2]
            values[name] = bias + sum(
                padded[y:y + height, x:x + wide] @ kernel[y, x] for y in range(shape[0]) for x in range(shape[1])
            )
        elif kind == "Activation":
            values[name] = np.maximum(given[0], 0)
        elif kind == "Add":
            values[name] = given[0] + given[1]
        elif kind == "Concatenate":
            values[name] = np.concatenate(given, axis=-1)
        elif kind == "MultiplyBeta":
            values[name] = given[0] * config["beta"]
        elif kind.startswith("PixelShuffle"):
            size, (height, wide, channels) = config["scale"], given[0].shape
            apart = given[0].reshape(height, wide, size, size, channels // size**2)
            values[name] = apart.transpose(0, 2, 1, 3, 4).reshape(height * size, wide * size, -1)
        elif kind == "UpSampling2D":
            values[name] = enlarged(given[0], *config["size"], config["interpolation"])
    return values[layers[-1]["name"]] / white


def values_of(folder, shape, pieces):
    flat = [np.fromfile(folder / path, "<f4", count, offset=offset) for path, offset, count in pieces]
    return np.concatenate(flat).reshape(shape).astype(np.float64)


def enlarged(value, rows, columns, how):
    if how == "nearest":
        return value.repeat(rows, axis=0).repeat(columns, axis=1)
    for axis, factor in ((0, rows), (1, columns)):
        length = value.shape[axis]
        place = np.clip((np.arange(length * factor) + 0.5) / factor - 0.5, 0, length - 1)
        low = np.floor(place).astype(int)
        share = (place - low).reshape([-1 if a == axis else 1 for a in range(3)])
        value = value.take(low, axis) * (1 - share) + value.take(np.minimum(low + 1, length - 1), axis) * share
    return value


def check(folder, graph, prefix):
    import onnxruntime

    picture = np.random.default_rng(7).random((19, 23, 3))
    with tempfile.TemporaryDirectory() as beside:
        for file in folder.glob("*.bin"):
            shutil.copy(file, Path(beside) / (prefix + file.name))
        shutil.copy(graph, beside)
        session = onnxruntime.InferenceSession(str(Path(beside) / graph.name))
        ours, = session.run(None, {"image": picture.transpose(2, 0, 1)[None].astype(np.float32)})
    difference = np.abs(ours[0].transpose(1, 2, 0) - evaluate(folder, picture)).max()
    print(f"{graph.name}: {ours.shape}, greatest difference from numpy {difference:.2e} of 1")
    assert difference < 1e-4


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("package", type=Path)
    options.add_argument("out", type=Path)
    options.add_argument("--scales", default="x4")
    options.add_argument("--check", action="store_true")
    given = options.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    for name in given.scales.split(","):
        folder, graph = given.package / "models" / name, given.out / f"{name}.onnx"
        onnx.save(build(folder, f"{name}."), graph)
        if given.check:
            check(folder, graph, f"{name}.")


if __name__ == "__main__":
    main()
