/**
 * What of an edge's environment its slots and the commands of its owner see: what programs need to find their files, their language
 * and their devices. Everything else may be a secret of somebody's shell, and stays at home unless the owner names it.
 */
type Environment = Readonly<Record<string, string | undefined>>;

const names = new Set(
  `PATH HOME USER LOGNAME SHELL TMPDIR TMP TEMP LANG LANGUAGE TZ
  XDG_CACHE_HOME XDG_CONFIG_HOME XDG_DATA_HOME XDG_RUNTIME_DIR DISPLAY WAYLAND_DISPLAY XAUTHORITY LD_LIBRARY_PATH DYLD_LIBRARY_PATH
  SSL_CERT_FILE SSL_CERT_DIR NODE_EXTRA_CA_CERTS ATELIER_DEVICE ATELIER_LOG_LEVEL ATELIER_ENVIRONMENT
  SYSTEMROOT SYSTEMDRIVE WINDIR COMSPEC PATHEXT APPDATA LOCALAPPDATA USERPROFILE PROGRAMFILES PROGRAMDATA NUMBER_OF_PROCESSORS PROCESSOR_ARCHITECTURE`.split(
    /\s+/,
  ),
);
/** Locale, compute devices (NVIDIA, AMD, Intel, Vulkan) and threads of numeric libraries. */
const families = /^(LC|CUDA|NVIDIA|ROCR|ROCM|HIP|HSA|GPU|AMD|ZE|SYCL|ONEAPI|VK|MESA|OMP|MKL|KMP|OPENBLAS|GGML)_/;
/** A name of such a family is no secret's, whatever it begins with. */
const secretive = /(KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS?|AUTH)$/;

/** The variable by which slots learn which further names their owner lets commands see. */
const furtherNames = 'ATELIER_ENVIRONMENT';

/** The environment of a slot. @param further names that the owner lets slots and commands see @param keys names of keys that only drivers read */
export function slotEnvironment(environment: Environment, further: readonly string[], keys: readonly string[]): Record<string, string> {
  return { ...allowed(environment, [...further, ...keys]), [furtherNames]: further.join(',') };
}

/** The environment of a command that runs in a slot. */
export function commandEnvironment(slot: Environment): Record<string, string> {
  const { [furtherNames]: further = '', ...rest } = slot;
  return allowed(rest, further.split(','));
}

function allowed(environment: Environment, further: readonly string[]): Record<string, string> {
  const isAllowed = (name: string) => names.has(name.toUpperCase()) || (families.test(name) && !secretive.test(name)) || further.includes(name);
  return Object.fromEntries(Object.entries(environment).filter((entry): entry is [string, string] => entry[1] !== undefined && isAllowed(entry[0])));
}
