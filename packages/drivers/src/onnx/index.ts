/**
 * ONNX Runtime for the drivers that compute with it: which device a network runs on, and one session for each network.
 * Not here: what the networks are (onnx-diffusion/, motion/, upscaler/), and arithmetic (@atelier/diffusion).
 * Begin with onnx-session.ts.
 */
export { chooseDevice, type Device, type DeviceWish, describeDevice, deviceWishes } from './device.ts';
export { openOnnxSession } from './onnx-session.ts';
