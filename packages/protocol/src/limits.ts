/** Every bound on what comes from outside, in one place. Over a bound the answer is `too-large` or `invalid-input`, before memory is spent. */
export const limits = {
  /** Bytes of one text value. */
  textBytes: 64 * 1024,
  /** Bytes of all files that one person has uploaded; the owner may set another bound. */
  uploadedBytesPerPerson: 100_000_000_000,
  /** Uploads of one person that are begun and not finished. */
  openUploadsPerPerson: 100,
  /** Bytes of a disk below which nothing is taken from outside, unless the owner sets another bound: so many, or a share of a small disk. */
  diskReserveBytes: 1_000_000_000,
  diskReserveShare: 0.02,
  /** Bytes of one uploaded artifact. */
  uploadBytes: 2 * 1024 ** 3,
  /** Pixels of one picture, width times height. */
  picturePixels: 64 * 1024 ** 2,
  /** Bytes of one picture file. */
  pictureBytes: 128 * 1024 ** 2,
  /** Seconds of one recording. */
  audioSeconds: 30 * 60,
  /** Samples of one recording over all of its channels, at the rate that is asked for. */
  audioSamples: 96 * 1024 ** 2,
  /** Samples a second that a recording may have. */
  audioSampleRate: 768_000,
  audioChannels: 32,
  /** Bytes of one recording. */
  audioBytes: 512 * 1024 ** 2,
  /** Tokens that one text may have; a model may keep fewer in mind. */
  textTokens: 8192,
  /** Characters of a JSON Schema that a text is held to, and how deep it may be nested. */
  schemaCharacters: 16_384,
  schemaDepth: 24,
  /** Bytes of memory that a process may take to read one file from outside. */
  mediaProcessBytes: 1536 * 1024 ** 2,
  /** Such processes at once, and files that may wait for one. */
  mediaProcesses: 2,
  mediaWaiting: 512,
  /** How strongly a word of a prompt may be weighed, all of its brackets together; the brackets and weights of one prompt, and how deep they nest. */
  promptWeight: 100,
  promptBrackets: 1000,
  promptDepth: 64,
  /** Bytes of a text result that an OpenAI-compatible answer carries: half an hour of words with their times has less than 1 MiB. */
  resultTextBytes: 4 * 1024 ** 2,
  /** Answers or pictures of one request to the OpenAI-compatible endpoints. */
  answersPerRequest: 10,
  messagesPerChat: 500,
  /** Pixels of a side of a picture that OpenAI's clients may ask for. */
  pictureSideLeast: 64,
  pictureSideMost: 4096,
  /** Results that wait to be computed twice, and for how long; those at once in all; seconds and bytes of inputs that one may take. */
  doubleChecksWaiting: 500,
  doubleCheckHours: 24,
  doubleChecksRunning: 4,
  doubleCheckSeconds: 30 * 60,
  doubleCheckBytes: 256 * 1024 ** 2,
  /** Disagreements of edges that wait for an owner; with so many nothing more is computed twice. A view names the newest. */
  openDisagreements: 1000,
  disagreementsShown: 100,
  /** Names that an owner maps to models. */
  modelAliases: 200,
  /** Chains that one person keeps by name. */
  savedChainsPerPerson: 200,
  savedChainNameCharacters: 100,
  /** Steps in one chain. */
  stepsPerChain: 100,
  /** Streams that one chain may declare, channels of one, and samples a second of each channel. */
  streamsPerChain: 32,
  streamChannels: 1024,
  streamRate: 1_000_000,
  /** Bytes of a chain as JSON or YAML. */
  chainBytes: 256 * 1024,
  /** Runs of one user that have not ended; an owner may set another bound for a person, up to the second. */
  openRunsPerUser: 1000,
  mostOpenRuns: 100_000,
  /** Bytes of uploads that an owner may allow one person. */
  mostUploadedBytes: 2 ** 50,
  /** People of one studio, and invitations that wait to be accepted. */
  people: 1000,
  openInvitations: 200,
  /** Hours for which an invitation may be accepted: at most, and if nothing is said. For which a link for a new password works. */
  invitationHours: 30 * 24,
  invitationHoursUsual: 7 * 24,
  passwordResetHours: 24,
  /** Sessions of one person at once; the one that was used longest ago makes room. */
  sessionsPerPerson: 50,
  /** Tries in a minute with a link or a password: of one address, or of one person who changes theirs. */
  doorTriesPerMinute: 30,
  passwordTriesPerMinute: 10,
  /** Runs that a view of the queue names. */
  queueRuns: 200,
  /** Event streams of one person that are open at once. */
  eventStreamsPerPerson: 64,
  /** Event streams of everybody that are open at once. */
  eventStreams: 1000,
  /** Bytes of one message between edge and coordinator. */
  edgeMessageBytes: 8 * 1024 ** 2,
  /** Bytes that wait to be read of one edge's messages, and messages; then no more is taken from the network. As many more may be read and not done with. */
  edgeWaitingBytes: 8 * 1024 ** 2,
  edgeWaitingMessages: 64,
  /** Bytes that a socket may send before it has proven which edge it is. */
  strangerSocketBytes: 4 * 1024,
  /** Sockets at the same time that have not proven it: of one remote address, and in all. */
  strangerSocketsPerAddress: 32,
  strangerSockets: 128,
  /** Bytes of a sign-in, and of another JSON body for which no other bound stands here. */
  signInBytes: 16 * 1024,
  jsonBytes: 64 * 1024,
  /** Bytes of what another server answers: a registry's page, a storage's list, an inference server's JSON apart from pictures. */
  registryPageBytes: 64 * 1024 ** 2,
  storageAnswerBytes: 16 * 1024 ** 2,
  serverAnswerBytes: 16 * 1024 ** 2,
  /** Bytes of an archive that has to be fetched whole for a file in it. */
  archiveBytes: 16 * 1024 ** 3,
  /** Bytes of the directory of an archive. */
  archiveDirectoryBytes: 16 * 1024 ** 2,
  /** Bytes of one preview picture. */
  previewBytes: 256 * 1024,
  /** Attempts of one step (or shard) that may fail before its run stops. */
  attemptsPerStep: 3,
  /** Sources of one port marked `many`; each may bring several values. */
  valuesPerPort: 64,
  /** Frames of one walk; over it, walk in parts. */
  walkFrames: 2400,
  walkKeyframes: 64,
  /** Bytes of a text result that travels with its message and is kept beside the output, for search and for showing it. */
  inlineTextBytes: 8 * 1024,
  /** Characters of what a search finds a result by. */
  captionCharacters: 2000,
  /** Days that a deleted result can still be brought back. */
  undoDays: 7,
  /** Bytes of the recipe inside a saved file. */
  recipeBytes: 256 * 1024,
  /** Values that one attempt may make. */
  outputsPerResult: 1000,
  /** Models that one edge may report. */
  modelsPerEdge: 500,
  /** Attempts that one edge may say it holds. */
  attemptsPerEdge: 10_000,
  /** Seconds for which a transfer that has a ticket may be begun. What began in time goes on, and what is cut is resumed with a new ticket. */
  ticketSeconds: 300,
  /** New tickets that one edge may ask for in a minute. */
  ticketRenewalsPerMinute: 3_000,
  /** Revoked edges that the others are told of, the latest: of those before, all tickets are long past their time. */
  revokedEdges: 1_000,
  /** Seconds in which an edge shows that it holds bytes which its result names, and more for each 10 MB of them. */
  proofSeconds: 120,
  /** Controls of one step, bytes of one control's value as JSON, and bytes of all of a step's: they stand in the recipe of what it makes. */
  controlsPerStep: 2000,
  controlBytes: 8 * 1024,
  controlBytesPerStep: 128 * 1024,
  /** Controls of a step that its view names, the newest. */
  controlsShown: 100,
  /** Controls that one person may send to one step. */
  controlRate: { perSecond: 50, atOnce: 100 },
  /** Bytes of one checkpoint, and how many one attempt keeps in a minute; those between are left out. */
  checkpointBytes: 1024 ** 3,
  checkpointsPerMinute: 30,
  /** What one edge may say that it was not asked for: news of its steps, where controls took effect, checkpoints, measured links, its own state, its services; and characters of news. */
  edgeRates: {
    controls: { perSecond: 500, atOnce: 5000 },
    checkpoints: { perSecond: 10, atOnce: 200 },
    news: { perSecond: 500, atOnce: 5000 },
    newsBytes: { perSecond: 8 * 1024 ** 2, atOnce: 64 * 1024 ** 2 },
    links: { perSecond: 50, atOnce: 2500 },
    state: { perSecond: 20, atOnce: 200 },
    services: { perSecond: 50, atOnce: 1000 },
  },
  /** Services of one person that have not ended; those that have ended and are still shown; those of one list. */
  servicesPerPerson: 32,
  endedServicesPerPerson: 50,
  servicesListed: 500,
  /** Services that one edge may run, and how many it runs if its owner says nothing; kinds that it may name. */
  servicesPerEdge: 64,
  servicesPerEdgeUnset: 8,
  serviceKinds: 100,
  /** Bytes of a service's parameters as JSON, and of the end of its log that is kept. */
  serviceParametersBytes: 16 * 1024,
  serviceLogBytes: 16 * 1024,
  /** Ends of a service's process in a row, each before it was well for so many seconds, after which it has failed. */
  serviceQuickEnds: 5,
  serviceSteadySeconds: 60,
  /** Times in a row that a service may be lost with its edge, each before it was well for so long. */
  serviceLosses: 10,
  /** Streams that other services have open to one service, and questions of one service for others that wait for an answer. */
  streamsPerService: 64,
  questionsPerService: 64,
  /** Bytes of a notification between coordinators (PostgreSQL takes 7,999), runs that one of them names, and runs that are watched at other coordinators. */
  notificationBytes: 7_500,
  runsPerNotification: 100,
  runsWatchedElsewhere: 10_000,
  /** News of progress that one coordinator passes on in a second: of one attempt, and in all. What is over it is left out; the next says more. */
  progressPassedOn: { ofAttempt: 4, inAll: 40 },
  /** Seconds for which a coordinator waits for bytes that an edge of another should bring. */
  bytesElsewhereSeconds: 120,
  /** Bytes and seconds of one transfer that an edge measured. */
  linkBytes: 2 ** 40,
  linkSeconds: 86_400,
} as const;
