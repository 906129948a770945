/** Whether keys go into a field, so that they are no shortcuts. */
export const typing = (target: EventTarget | null) =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

/** Whether a window lies over the page, so that the page's own keys are not meant. */
export const hasWindowOpen = () => document.querySelector('[role="dialog"], [role="alertdialog"]') !== null;
