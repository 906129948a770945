/**
 * The tokenizer of CLIP, as tokenizer.json would describe it, from the older pair of files that most Stable Diffusion folders hold.
 * Words end in `</w>`; text is lower-cased, split into runs of letters, single digits and runs of other signs, and read as bytes
 * (Radford et al., arXiv 2103.00020; openai/CLIP, simple_tokenizer.py).
 * @param vocabulary vocab.json, parsed: the number of each token
 * @param merges merges.txt: pairs in order, after a line with its version
 */
export function clipTokenizer(vocabulary: Record<string, number>, merges: string): object {
  const special = (content: string) => ({
    id: vocabulary[content] ?? 0,
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  });
  const [start, end] = [special('<|startoftext|>'), special('<|endoftext|>')];
  const pattern = "'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+";
  const pairs = merges.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#version'));
  return {
    version: '1.0',
    added_tokens: [start, end],
    normalizer: {
      type: 'Sequence',
      normalizers: [{ type: 'NFC' }, { type: 'Replace', pattern: { Regex: '\\s+' }, content: ' ' }, { type: 'Lowercase' }],
    },
    pre_tokenizer: {
      type: 'Sequence',
      pretokenizers: [
        { type: 'Split', pattern: { Regex: pattern }, behavior: 'Removed', invert: true },
        { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false },
      ],
    },
    post_processor: { type: 'RobertaProcessing', sep: [end.content, end.id], cls: [start.content, start.id], trim_offsets: false, add_prefix_space: false },
    decoder: null,
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: end.content,
      continuing_subword_prefix: '',
      end_of_word_suffix: '</w>',
      fuse_unk: false,
      vocab: vocabulary,
      merges: pairs.map((line) => line.trim()),
    },
  };
}
