// Command upstream answers how long Kubernetes' own Go packages take for the work that mergekey does.
//
// It reads one question a line, `WORK FOLDER MILLISECONDS`, measures for about that long, and answers with one line: nanoseconds
// for one round, or `error: …`. WORK is `three-way`, `apply` or `server-side-apply`; the inputs are JSON files in FOLDER. Every
// round starts from bytes and ends with bytes.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/managedfields"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
	"k8s.io/kube-openapi/pkg/validation/spec"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: upstream OPENAPI.json")
		os.Exit(2)
	}
	manager, err := fieldManager(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, "upstream:", err)
		os.Exit(2)
	}
	questions := bufio.NewScanner(os.Stdin)
	for questions.Scan() {
		var work, folder string
		var milliseconds int
		if _, err := fmt.Sscan(questions.Text(), &work, &folder, &milliseconds); err != nil {
			fmt.Println("error:", err)
			continue
		}
		round, err := rounds(work, folder, manager)
		if err == nil {
			var took time.Duration
			took, err = measure(round, time.Duration(milliseconds)*time.Millisecond)
			if err == nil {
				fmt.Println(took.Nanoseconds())
				continue
			}
		}
		fmt.Println("error:", err)
	}
}

// measure answers the mean time of one round over at least one round and about the whole time given.
func measure(round func() error, whole time.Duration) (time.Duration, error) {
	count := 0
	start := time.Now()
	for time.Since(start) < whole || count == 0 {
		if err := round(); err != nil {
			return 0, err
		}
		count++
	}
	return time.Since(start) / time.Duration(count), nil
}

// rounds reads the inputs of a piece of work and answers what does it once.
func rounds(work, folder string, manager *managedfields.FieldManager) (func() error, error) {
	input := func(name string) []byte {
		bytes, readErr := os.ReadFile(filepath.Join(folder, name+".json"))
		if readErr != nil {
			panic(readErr)
		}
		return bytes
	}
	meta, err := strategicpatch.NewPatchMetaFromStruct(corev1.Service{})
	if err != nil {
		return nil, err
	}
	switch work {
	case "three-way":
		original, modified, current := input("original"), input("modified"), input("current")
		return func() error {
			_, err := strategicpatch.CreateThreeWayMergePatch(original, modified, current, meta, true)
			return err
		}, nil
	case "apply":
		current, patch := input("current"), input("patch")
		return func() error {
			_, err := strategicpatch.StrategicMergePatchUsingLookupPatchMeta(current, patch, meta)
			return err
		}, nil
	case "server-side-apply":
		live, config := input("applied"), input("modified")
		return func() error {
			return serverSideApply(manager, live, config)
		}, nil
	}
	return nil, errors.New("unknown work " + work)
}

func serverSideApply(manager *managedfields.FieldManager, live, config []byte) error {
	stored := &corev1.Service{}
	if err := json.Unmarshal(live, stored); err != nil {
		return err
	}
	applied := &unstructured.Unstructured{}
	if err := json.Unmarshal(config, &applied.Object); err != nil {
		return err
	}
	result, err := manager.Apply(stored, applied, "kubectl", true)
	if err != nil {
		return err
	}
	_, err = json.Marshal(result)
	return err
}

// fieldManager builds the field manager of an API server for Services, over the v1 type.
func fieldManager(openapi string) (*managedfields.FieldManager, error) {
	bytes, err := os.ReadFile(openapi)
	if err != nil {
		return nil, err
	}
	var document struct {
		Components struct {
			Schemas map[string]*spec.Schema `json:"schemas"`
		} `json:"components"`
	}
	if err := json.Unmarshal(bytes, &document); err != nil {
		return nil, err
	}
	types, err := managedfields.NewTypeConverter(document.Components.Schemas, false)
	if err != nil {
		return nil, err
	}
	scheme := runtime.NewScheme()
	if err := corev1.AddToScheme(scheme); err != nil {
		return nil, err
	}
	version := corev1.SchemeGroupVersion
	return managedfields.NewDefaultFieldManager(types, scheme, scheme, scheme, version.WithKind("Service"), version, "", nil)
}
