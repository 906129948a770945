import type { TaskView } from '@atelier/protocol';

/** Whether a port takes a mask: an image by the name of `mask`, of whatever task. */
export const isMask = (task: TaskView, port: string): boolean => port === 'mask' && task.inputs.mask?.modality === 'image';
