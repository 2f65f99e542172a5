export { type OnnxOptions, onnx } from '@attune/backend-onnx';
