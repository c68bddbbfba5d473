// Judges histories with Porcupine, https://github.com/anishathalye/porcupine: reads one history a line, as JSON, from
// standard input, and answers each with one line. What the histories mean is written in ../history.ts.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"sort"
	"strings"
	"time"

	"github.com/anishathalye/porcupine"
)

// A history is longer than a scanner's line by default.
const lineBytesMax = 64 << 20

// Mirrors the type History of ../history.ts.
type history struct {
	Name        string              `json:"name"`
	SecondsMax  float64             `json:"secondsMax"`
	Parents     map[string][]string `json:"parents"`
	Operations  []operation         `json:"operations"`
	ForVersions bool                `json:"forVersions"`
}

type operation struct {
	Call   int64    `json:"call"`
	Return *int64   `json:"return"`
	Kind   string   `json:"kind"`
	Names  []string `json:"names"`
	Sees   []string `json:"sees"`
	Needs  []string `json:"needs"`
	// For people.
	About string `json:"about"`
}

type verdict struct {
	Name    string `json:"name"`
	Verdict string `json:"verdict"`
	// Of a history that is refused: numbers of operations that cannot be put behind the longest order that explains the rest.
	Unexplained []int `json:"unexplained"`
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, lineBytesMax)
	answers := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		var given history
		decoder := json.NewDecoder(strings.NewReader(lines.Text()))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&given); err != nil {
			fail(err)
		}
		if err := answers.Encode(judge(given)); err != nil {
			fail(err)
		}
	}
	if err := lines.Err(); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "porcupine:", err)
	os.Exit(2)
}

func judge(given history) verdict {
	operations := make([]porcupine.Operation, len(given.Operations))
	for index, each := range given.Operations {
		// Without an answer it may take effect at any time, also after everything else: never, for whoever looked.
		end := int64(math.MaxInt64)
		if each.Return != nil {
			end = *each.Return
		}
		operations[index] = porcupine.Operation{Input: each, Call: each.Call, Return: end, Metadata: index}
	}
	limit := time.Duration(given.SecondsMax * float64(time.Second))
	result, info := porcupine.CheckOperationsVerbose(modelOf(given), operations, limit)
	answer := verdict{Name: given.Name, Verdict: string(result), Unexplained: []int{}}
	if result == porcupine.Illegal {
		answer.Unexplained = unexplained(info, len(operations))
	}
	return answer
}

// The operations that no longest partial order holds.
func unexplained(info porcupine.LinearizationInfo, count int) []int {
	left := []int{}
	for _, partition := range info.PartialLinearizationsOperations() {
		longest := []porcupine.Operation{}
		for _, order := range partition {
			if len(order) > len(longest) {
				longest = order
			}
		}
		held := map[int]bool{}
		for _, each := range longest {
			held[each.Metadata.(int)] = true
		}
		for index := 0; index < count; index++ {
			if !held[index] {
				left = append(left, index)
			}
		}
	}
	return left
}

// The state is a set of names, as sorted text: what the region holds of the thing.
func modelOf(given history) porcupine.Model {
	shown := func(state set) set { return state }
	if given.ForVersions {
		shown = func(state set) set { return heads(state, given.Parents) }
	}
	return porcupine.Model{
		Init: func() interface{} { return setOf(nil).text() },
		Step: func(state, input, _ interface{}) (bool, interface{}) {
			holds, op := parse(state.(string)), input.(operation)
			fits, next := step(holds, op, shown)
			return fits, next.text()
		},
	}
}

func step(holds set, op operation, shown func(set) set) (bool, set) {
	names := setOf(op.Names)
	switch op.Kind {
	case "read":
		return shown(holds).text() == setOf(op.Sees).text(), holds
	case "lacks":
		return !holds.hasAny(names), holds
	case "arrive":
		return true, holds.with(names)
	case "add":
		return holds.hasAll(setOf(op.Needs)), holds.with(names)
	case "edit":
		// The same edit again is answered as the first was.
		return holds.hasAll(names) || replaces(holds, op, shown), holds.with(names)
	case "edit-refused":
		return !holds.hasAll(names) && !replaces(holds, op, shown), holds
	case "edit-perhaps":
		if replaces(holds, op, shown) {
			return true, holds.with(names)
		}
		return true, holds
	}
	fail(fmt.Errorf("given the kind %q of an operation", op.Kind))
	return false, holds
}

func replaces(holds set, op operation, shown func(set) set) bool {
	return shown(holds).text() == setOf(op.Needs).text()
}

type set map[string]bool

const separator = "\n"

func setOf(names []string) set {
	made := set{}
	for _, name := range names {
		made[name] = true
	}
	return made
}

func parse(text string) set {
	if text == "" {
		return set{}
	}
	return setOf(strings.Split(text, separator))
}

func (all set) text() string {
	names := make([]string, 0, len(all))
	for name := range all {
		names = append(names, name)
	}
	sort.Strings(names)
	return strings.Join(names, separator)
}

func (all set) with(others set) set {
	made := set{}
	for name := range all {
		made[name] = true
	}
	for name := range others {
		made[name] = true
	}
	return made
}

func (all set) hasAll(others set) bool {
	for name := range others {
		if !all[name] {
			return false
		}
	}
	return true
}

func (all set) hasAny(others set) bool {
	for name := range others {
		if all[name] {
			return true
		}
	}
	return false
}

// The versions that no other version here was made from.
func heads(versions set, parents map[string][]string) set {
	made := versions.with(nil)
	for version := range versions {
		for _, parent := range parents[version] {
			delete(made, parent)
		}
	}
	return made
}
