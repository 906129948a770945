/* One AAC decoder for each instance of the module: `start` once, `configure` with an AudioSpecificConfig, then `decode` unit by unit.
 * Bytes are put at `input`, 16-bit samples of all channels in turn lie at `output`. */
#include <stddef.h>
#include <string.h>

#include "ixheaac_type_def.h"
#include "ixheaac_error_standards.h"
#include "ixheaacd_aac_config.h"
#include "ixheaacd_apicmd_standards.h"
#include "ixheaacd_memory_standards.h"

IA_ERRORCODE ixheaacd_dec_api(pVOID decoder, WORD32 command, WORD32 index, pVOID value);

#define EXPORT(name) __attribute__((export_name(name)))

static pVOID decoder;
static pVOID input;
static pVOID output;
static UWORD32 input_bytes;
static WORD32 used_bytes;

extern unsigned char __heap_base;
static unsigned char *heap = &__heap_base;

/* Memory that is never given back, zeroed: nothing else here asks for any. A module that begins anew in the same memory finds it grown already. */
static pVOID take(UWORD32 bytes) {
  unsigned char *start = heap;
  heap += (bytes + 31) & ~15u;
  size_t pages = ((size_t)heap + 65535) / 65536;
  size_t present = __builtin_wasm_memory_size(0);
  if (pages > present && __builtin_wasm_memory_grow(0, pages - present) == (size_t)-1) return NULL;
  return memset(start, 0, bytes);
}

static UWORD32 ask(WORD32 command, WORD32 index) {
  UWORD32 value = 0;
  ixheaacd_dec_api(decoder, command, index, &value);
  return value;
}

static void set(WORD32 parameter, UWORD32 value) { ixheaacd_dec_api(decoder, IA_API_CMD_SET_CONFIG_PARAM, parameter, &value); }

static IA_ERRORCODE allocate(WORD32 index) {
  UWORD32 size = ask(IA_API_CMD_GET_MEM_INFO_SIZE, index);
  UWORD32 type = ask(IA_API_CMD_GET_MEM_INFO_TYPE, index);
  pVOID memory = take(size);
  if (memory == NULL) return IA_FATAL_ERROR;
  if (type == IA_MEMTYPE_INPUT) input = memory, input_bytes = size;
  if (type == IA_MEMTYPE_OUTPUT) output = memory;
  return ixheaacd_dec_api(decoder, IA_API_CMD_SET_MEM_PTR, index, memory);
}

/* All channels as they are: no second one for mono, no limiter. @returns an error of libxaac, or 0 */
EXPORT("start") IA_ERRORCODE start(void) {
  IA_ERRORCODE error;
  decoder = take(ask(IA_API_CMD_GET_API_SIZE, 0));
  if (decoder == NULL) return IA_FATAL_ERROR;
  error = ixheaacd_dec_api(decoder, IA_API_CMD_INIT, IA_CMD_TYPE_INIT_API_PRE_CONFIG_PARAMS, NULL);
  if (error) return error;
  set(IA_XHEAAC_DEC_CONFIG_PARAM_MP4FLAG, 1);
  set(IA_XHEAAC_DEC_CONFIG_PARAM_TOSTEREO, 0);
  set(IA_XHEAAC_DEC_CONFIG_PARAM_MAX_CHANNEL, 8);
  set(IA_XHEAAC_DEC_CONFIG_PARAM_PEAK_LIMITER, 1); /* 1 turns it off */
  set(IA_XHEAAC_DEC_CONFIG_PARAM_PCM_WDSZ, 16);
  set(IA_XHEAAC_DEC_CONFIG_PARAM_ESBR, 1);
  ixheaacd_dec_api(decoder, IA_API_CMD_SET_MEMTABS_PTR, 0, take(ask(IA_API_CMD_GET_MEMTABS_SIZE, 0)));
  error = ixheaacd_dec_api(decoder, IA_API_CMD_INIT, IA_CMD_TYPE_INIT_API_POST_CONFIG_PARAMS, NULL);
  for (WORD32 i = 0; i < 4 && !error; i++) error = allocate(i);
  return error;
}

static IA_ERRORCODE process(UWORD32 bytes, WORD32 command, WORD32 type) {
  ixheaacd_dec_api(decoder, IA_API_CMD_SET_INPUT_BYTES, 0, &bytes);
  IA_ERRORCODE error = ixheaacd_dec_api(decoder, command, type, NULL);
  used_bytes = (WORD32)ask(IA_API_CMD_GET_CURIDX_INPUT_BUF, 0);
  return error;
}

/* Takes the AudioSpecificConfig, and then the first unit until `is_configured`; that one is not used up. */
EXPORT("configure") IA_ERRORCODE configure(UWORD32 bytes) { return process(bytes, IA_API_CMD_INIT, IA_CMD_TYPE_INIT_PROCESS); }

EXPORT("is_configured") UWORD32 is_configured(void) {
  UWORD32 is_done = 0;
  ixheaacd_dec_api(decoder, IA_API_CMD_INIT, IA_CMD_TYPE_INIT_DONE_QUERY, &is_done);
  return is_done;
}

EXPORT("decode") IA_ERRORCODE decode(UWORD32 bytes) { return process(bytes, IA_API_CMD_EXECUTE, IA_CMD_TYPE_DO_EXECUTE); }

EXPORT("input") pVOID get_input(void) { return input; }
EXPORT("input_bytes") UWORD32 get_input_bytes(void) { return input_bytes; }
EXPORT("used_bytes") WORD32 get_used_bytes(void) { return used_bytes; }
EXPORT("output") pVOID get_output(void) { return output; }
EXPORT("output_bytes") UWORD32 get_output_bytes(void) { return ask(IA_API_CMD_GET_OUTPUT_BYTES, 0); }
EXPORT("sample_rate") UWORD32 get_sample_rate(void) { return ask(IA_API_CMD_GET_CONFIG_PARAM, IA_XHEAAC_DEC_CONFIG_PARAM_SAMP_FREQ); }
EXPORT("channels") UWORD32 get_channels(void) { return ask(IA_API_CMD_GET_CONFIG_PARAM, IA_XHEAAC_DEC_CONFIG_PARAM_NUM_CHANNELS); }
EXPORT("sbr_mode") UWORD32 get_sbr_mode(void) { return ask(IA_API_CMD_GET_CONFIG_PARAM, IA_XHEAAC_DEC_CONFIG_PARAM_SBR_MODE); }
