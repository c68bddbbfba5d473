/**
 * What installers get of the user's environment. They run others' code, so it is written out: where programs, files and
 * registries are, and no credentials of anything else. A registry's own come by npm's, pip's or uv's own settings.
 */
import { accessSync, constants } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

const MACHINE = [
  ...['HOME', 'USER', 'LOGNAME', 'TMPDIR', 'TEMP', 'TMP', 'TZ', 'LANG', 'LANGUAGE', 'TERM', 'CI', 'NO_COLOR', 'FORCE_COLOR'],
  ...['LD_LIBRARY_PATH', 'XDG_CACHE_HOME', 'XDG_CONFIG_HOME', 'XDG_CONFIG_DIRS', 'XDG_DATA_HOME', 'XDG_STATE_HOME', 'XDG_RUNTIME_DIR'],
];
const NETWORK = [
  ...['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'NO_PROXY', 'http_proxy', 'https_proxy', 'all_proxy', 'no_proxy'],
  ...['SSL_CERT_FILE', 'SSL_CERT_DIR', 'REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE'],
  ...['NODE_EXTRA_CA_CERTS', 'NODE_USE_ENV_PROXY', 'NODE_USE_SYSTEM_CA', 'NODE_TLS_REJECT_UNAUTHORIZED'],
];
/** Programs on the PATH may be shims of these, which look there for the real ones. */
const MANAGERS = /^(ASDF|CONDA|FNM|MISE|NVM|PYENV|VOLTA)_/;
/** Each installer's own. */
const SETTINGS = { npm: /^npm_config_/i, python: /^(PIP|UV)_/ };
/** They would send the packages elsewhere: npm hands them on when a script is run with `--prefix`, from a workspace or globally. */
const ELSEWHERE =
  /^npm_config_(prefix|local_prefix|global|global_prefix|location|workspace|workspaces|include_workspace_root|userconfig_dir)$|^PIP_(TARGET|PREFIX|ROOT|USER|REQUIRE_VIRTUALENV|PYTHON|DRY_RUN)$|^UV_(PROJECT_ENVIRONMENT|SYSTEM_PYTHON|TARGET|PREFIX)$/i;
/** For publishing, or in nobody's list of settings. */
const SECRET = /_(TOKEN|SECRET)$|^UV_PUBLISH_/i;
/** Managers keep users' secrets too, under more names; registries' own passwords are settings of npm, pip and uv. */
const SECRET_OF_MANAGER = /TOKEN|SECRET|KEY|PASS|CREDENTIAL|AUTH/i;

/** The folders of the PATH without this checkout's own programs: packages must not be replaced by a Node that lives in them. */
export const outerPath = (root) =>
  (process.env.PATH || '')
    .split(delimiter)
    .filter((folder) => folder !== '' && folder !== join(root, 'node_modules', '.bin'))
    .join(delimiter);

/** @param installer `npm` or `python` */
export const installerEnvironment = (root, installer) => {
  const isWanted = (name) =>
    MACHINE.includes(name) ||
    NETWORK.includes(name) ||
    [/^LC_/, SETTINGS[installer]].some((each) => each.test(name)) ||
    (MANAGERS.test(name) && !SECRET_OF_MANAGER.test(name));
  const kept = Object.keys(process.env).filter((name) => isWanted(name) && !ELSEWHERE.test(name) && !SECRET.test(name));
  const env = Object.fromEntries(kept.map((name) => [name, process.env[name]]));
  env.PATH = outerPath(root);
  if (canWrite(env.TMPDIR) === false) delete env.TMPDIR;
  if (canWrite(env.HOME || homedir()) === false) {
    // Packages come all the same, from a cache that is this checkout's.
    env.npm_config_cache = env.npm_config_cache || join(root, '.tandem', 'cache', 'npm');
    env.UV_CACHE_DIR = env.UV_CACHE_DIR || join(root, '.tandem', 'cache', 'uv');
  }
  return env;
};

/** Undefined: no folder was given. */
const canWrite = (folder) => {
  if (!folder) return undefined;
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    return true;
  } catch (_) {
    return false;
  }
};
