# ONNX Runtime's dynamic quantisation of a model: `quantise.py MODEL OUT`. Needs onnxruntime and onnx.
import sys

from onnxruntime.quantization import QuantType, quantize_dynamic

quantize_dynamic(sys.argv[1], sys.argv[2], op_types_to_quantize=["LSTM"], weight_type=QuantType.QInt8)
