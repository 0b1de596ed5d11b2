// Verifies an exported log with Go's own sumdb code and nothing of ours: the checkpoint's signature by sumdb/note,
// the root from the entries by sumdb/tlog, and the inclusion of a record. Files are read here, not by a TileHashReader.
//
// Usage: verify_log DIR VKEY INDEX. Prints "origin size root record" and ends with 0, or says what is wrong and ends
// with 1.
package main

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const width = 256

// hashes keeps every stored hash that the records give, at the index where tlog looks for it.
type hashes []tlog.Hash

func (h hashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	found := make([]tlog.Hash, len(indexes))
	for i, at := range indexes {
		if at < 0 || at >= int64(len(h)) {
			return nil, fmt.Errorf("no hash is stored at %d", at)
		}
		found[i] = h[at]
	}
	return found, nil
}

// path spells a tile's place as C2SP tlog-tiles does: tile/<level>/x001/234.p/<width>.
func path(level string, n int64, count int) string {
	number := fmt.Sprintf("%03d", n%1000)
	for n >= 1000 {
		n /= 1000
		number = fmt.Sprintf("x%03d/", n%1000) + number
	}
	if count < width {
		number += fmt.Sprintf(".p/%d", count)
	}
	return "tile/" + level + "/" + number
}

func records(bundle []byte) ([][]byte, error) {
	var found [][]byte
	for len(bundle) > 0 {
		if len(bundle) < 2 {
			return nil, errors.New("a bundle ends within a length")
		}
		length := int(binary.BigEndian.Uint16(bundle))
		if len(bundle) < 2+length {
			return nil, errors.New("a bundle ends within a record")
		}
		found = append(found, bundle[2:2+length])
		bundle = bundle[2+length:]
	}
	return found, nil
}

func verify(dir, vkey string, index int64) (string, error) {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return "", err
	}
	data, err := os.ReadFile(filepath.Join(dir, "checkpoint"))
	if err != nil {
		return "", err
	}
	signed, err := note.Open(data, note.VerifierList(verifier))
	if err != nil {
		return "", err
	}
	lines := strings.Split(signed.Text, "\n")
	if len(lines) < 4 || lines[0] != verifier.Name() {
		return "", errors.New("the checkpoint is not that of the key's log")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return "", err
	}
	root, err := base64.StdEncoding.DecodeString(lines[2])
	if err != nil || len(root) != tlog.HashSize {
		return "", errors.New("the checkpoint names no root")
	}

	var stored hashes
	var chosen []byte
	for start := int64(0); start < size; start += width {
		count := width
		if size-start < width {
			count = int(size - start)
		}
		bundle, err := os.ReadFile(filepath.Join(dir, path("entries", start/width, count)))
		if err != nil {
			return "", err
		}
		found, err := records(bundle)
		if err != nil || len(found) != count {
			return "", fmt.Errorf("the bundle from %d on has not %d records", start, count)
		}
		tile, err := os.ReadFile(filepath.Join(dir, path("0", start/width, count)))
		if err != nil {
			return "", err
		}
		if len(tile) != count*tlog.HashSize {
			return "", fmt.Errorf("the tile from %d on has not the length of its width", start)
		}
		for i, record := range found {
			at := start + int64(i)
			if at == index {
				chosen = record
			}
			leaf := tlog.RecordHash(record)
			if !bytes.Equal(leaf[:], tile[32*i:32*i+32]) {
				return "", fmt.Errorf("tile and record %d differ", at)
			}
			more, err := tlog.StoredHashes(at, record, stored)
			if err != nil {
				return "", err
			}
			stored = append(stored, more...)
		}
	}
	computed, err := tlog.TreeHash(size, stored)
	if err != nil {
		return "", err
	}
	if !bytes.Equal(computed[:], root) {
		return "", errors.New("the records do not give the root that was signed")
	}
	proof, err := tlog.ProveRecord(size, index, stored)
	if err != nil {
		return "", err
	}
	if err := tlog.CheckRecord(proof, size, computed, index, tlog.RecordHash(chosen)); err != nil {
		return "", err
	}
	return fmt.Sprintf("%s %d %x %s", lines[0], size, root, chosen), nil
}

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: verify_log DIR VKEY INDEX")
		os.Exit(2)
	}
	index, err := strconv.ParseInt(os.Args[3], 10, 64)
	if err == nil {
		var said string
		if said, err = verify(os.Args[1], os.Args[2], index); err == nil {
			fmt.Println(said)
			return
		}
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
