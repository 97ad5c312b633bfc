package hub

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Hub is a model hub, and the folder that its files are kept in on this machine.
type Hub struct {
	Cache    string        // the folder
	Endpoint string        // where it is: "https://huggingface.co"
	Token    string        // who asks; "" for nobody. Only the endpoint's own host gets to see it
	Offline  bool          // no connection is opened
	Timeout  time.Duration // how long it may be silent; 0 means 10 s
	MaxBytes int64         // of a checkpoint; 0 means 32 GiB

	// Transport sends requests. nil means http.DefaultTransport, which goes through
	// the proxies that HTTPS_PROXY, HTTP_PROXY and NO_PROXY name.
	Transport http.RoundTripper

	pause time.Duration // before the second try; 0 means 1 s
}

// What holds where the environment says nothing.
const (
	defaultEndpoint = "https://huggingface.co"
	defaultTimeout  = 10 * time.Second
	defaultMaxBytes = 32 << 30
)

// FromEnvironment returns the hub that the environment names, as huggingface_hub
// reads it: HF_HUB_CACHE, or the folder hub in HF_HOME, or in huggingface in
// XDG_CACHE_HOME, or in ~/.cache/huggingface; HF_ENDPOINT; HF_TOKEN, or the file
// that HF_TOKEN_PATH names, or token in HF_HOME, unless
// HF_HUB_DISABLE_IMPLICIT_TOKEN is set; HF_HUB_OFFLINE and TRANSFORMERS_OFFLINE;
// HF_HUB_DOWNLOAD_TIMEOUT in seconds.
func FromEnvironment() (*Hub, error) {
	h, home, err := cached()
	if err != nil {
		return nil, err
	}
	h.Endpoint = first(os.Getenv("HF_ENDPOINT"), defaultEndpoint)
	h.Offline = isTrue(first(os.Getenv("HF_HUB_OFFLINE"), os.Getenv("TRANSFORMERS_OFFLINE")))
	if _, err := h.endpoint(); err != nil {
		return nil, err
	}
	if h.Token, err = token(home); err != nil {
		return nil, err
	}
	if text := os.Getenv("HF_HUB_DOWNLOAD_TIMEOUT"); text != "" {
		seconds, err := strconv.Atoi(text)
		if err != nil || seconds < 1 || seconds > 1<<20 {
			return nil, fmt.Errorf("hub: HF_HUB_DOWNLOAD_TIMEOUT: expected a number of seconds, 1 or more, found %q", text)
		}
		h.Timeout = time.Duration(seconds) * time.Second
	}
	return h, nil
}

// CachedFromEnvironment returns the cache that the environment names, for those who
// only look what is there: it is offline whatever the environment says, and nobody's
// token is read.
func CachedFromEnvironment() (*Hub, error) {
	h, _, err := cached()
	if err != nil {
		return nil, err
	}
	h.Offline = true
	return h, nil
}

// cached returns the cache, and the folder of huggingface_hub's own files.
func cached() (h *Hub, home string, err error) {
	cache := first(os.Getenv("HF_HUB_CACHE"), os.Getenv("HUGGINGFACE_HUB_CACHE"))
	home, err = hubHome()
	if cache == "" {
		if err != nil {
			return nil, "", err
		}
		cache = filepath.Join(home, "hub")
	}
	return &Hub{Cache: expand(cache)}, home, nil
}

// hubHome is the folder of huggingface_hub's own files.
func hubHome() (string, error) {
	if home := os.Getenv("HF_HOME"); home != "" {
		return expand(home), nil
	}
	cache := expand(os.Getenv("XDG_CACHE_HOME"))
	if cache == "" {
		user, err := os.UserHomeDir()
		if err != nil {
			return "", fmt.Errorf("hub: finding the cache, which HF_HUB_CACHE could name: %w", err)
		}
		cache = filepath.Join(user, ".cache")
	}
	return filepath.Join(cache, "huggingface"), nil
}

// token is who asks, as far as the environment and the user's files say.
func token(home string) (string, error) {
	if isTrue(os.Getenv("HF_HUB_DISABLE_IMPLICIT_TOKEN")) {
		return "", nil
	}
	found, source := strings.TrimSpace(first(os.Getenv("HF_TOKEN"), os.Getenv("HUGGING_FACE_HUB_TOKEN"))), "HF_TOKEN"
	if found == "" {
		source = expand(os.Getenv("HF_TOKEN_PATH"))
		if source == "" {
			if home == "" {
				return "", nil
			}
			source = filepath.Join(home, "token")
		}
		text, err := readSmall(source, 64<<10)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("hub: reading the token: %w", err)
		}
		found = strings.TrimSpace(string(text))
	}
	if strings.ContainsFunc(found, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "", fmt.Errorf("hub: %s: expected a token of letters and digits, found other characters in it", source)
	}
	return found, nil
}

// expand does what Python's expanduser and expandvars do to a path.
func expand(path string) string {
	path = os.ExpandEnv(path)
	if rest, ok := strings.CutPrefix(path, "~"); ok && (rest == "" || os.IsPathSeparator(rest[0])) {
		if user, err := os.UserHomeDir(); err == nil {
			return user + rest
		}
	}
	return path
}

// isTrue reads a switch as huggingface_hub does.
func isTrue(text string) bool {
	return slices.Contains([]string{"1", "ON", "YES", "TRUE"}, strings.ToUpper(text))
}

// first returns the first text that isn't empty.
func first(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}

// endpoint is the hub's address, without a slash at its end.
func (h *Hub) endpoint() (*url.URL, error) {
	u, err := url.Parse(strings.TrimRight(h.Endpoint, "/"))
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("hub: HF_ENDPOINT: expected an address such as %s, found %q", defaultEndpoint, h.Endpoint)
	}
	return u, nil
}
