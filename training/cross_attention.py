"""Adds Whisper's cross-attentions to the outputs of a merged decoder, as Transformers.js names them.

Usage: python cross_attention.py decoder_model_merged.onnx

Optimum exports the decoder without them. The softmax of each layer is in the graph already, so that naming it an output
of both branches and of the graph is enough: no weight is touched. Words get their times from these
(Radford and others, 2022; OpenAI's whisper/timing.py). Shape: batch, heads, tokens, 1500 positions of 0.02 s.

Needs, from PyPI: onnx.
"""
import sys

import onnx
from onnx import TensorProto, helper


def add_cross_attentions(model):
    """Changes the graph in place; a second call changes nothing."""
    graph = model.graph
    choice, = [node for node in graph.node if node.op_type == 'If']
    if any(name.startswith('cross_attentions') for name in choice.output):
        return model
    softmaxes = lambda branch: [node for node in branch.node if node.op_type == 'Softmax' and 'encoder_attn' in node.name]
    branches = [attribute.g for attribute in choice.attribute]
    layers = len(softmaxes(branches[0]))
    heads = next(item for item in graph.input if item.name == 'past_key_values.0.encoder.key').type.tensor_type.shape.dim[1].dim_value
    shape = ['batch_size', heads, 'decoder_sequence_length', 'encoder_sequence_length']
    for branch in branches:
        found = softmaxes(branch)
        assert len(found) == layers, f'{len(found)} cross-attentions in one branch, {layers} in the other'
        for layer, node in enumerate(found):
            branch.output.append(helper.make_tensor_value_info(node.output[0], TensorProto.FLOAT, shape))
    for layer in range(layers):
        choice.output.append(f'cross_attentions.{layer}')
        graph.output.append(helper.make_tensor_value_info(f'cross_attentions.{layer}', TensorProto.FLOAT, shape))
    return model


if __name__ == '__main__':
    path = sys.argv[1]
    changed = add_cross_attentions(onnx.load(path, load_external_data=False))
    with open(path, 'wb') as out:
        out.write(changed.SerializeToString())
