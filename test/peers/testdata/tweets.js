// Reads texts, one JSON string a line, and writes for each what X's own library says about it, as JSON: its length as published and with the
// newest Twemoji, whether it has links, the names that it mentions, and those that it mentions outside of links.
const Module = require('module');
const read = require('readline').createInterface({ input: process.stdin });

// load loads the library anew, with its parser of emoji replaced.
function load(parser) {
  const resolve = Module._resolveFilename;
  Module._resolveFilename = (name, ...rest) => resolve.call(Module, name === 'twemoji-parser' ? parser : name, ...rest);
  for (const path of Object.keys(require.cache)) delete require.cache[path];
  const library = require('twitter-text');
  Module._resolveFilename = resolve;
  return library;
}

const published = load('twemoji-parser'), newest = load('@twemoji/parser');

read.on('line', (line) => {
  const text = JSON.parse(line).normalize();
  process.stdout.write(JSON.stringify({
    published: published.parseTweet(text).weightedLength,
    newest: newest.parseTweet(text).weightedLength,
    links: published.extractUrls(text).length,
    mentions: published.extractMentions(text).length,
    outside: published.extractEntitiesWithIndices(text).filter((one) => one.screenName).length,
  }) + '\n');
});
