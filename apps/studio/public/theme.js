// Runs before the first paint, so that a light page never flashes dark. A file of its own because inline scripts are forbidden by the page's policy.
try {
  const theme = localStorage.getItem('atelier-theme');
  if (theme === 'light' || theme === 'system') document.documentElement.dataset.theme = theme;
} catch {
  // Storage may be switched off; dark stays.
}
