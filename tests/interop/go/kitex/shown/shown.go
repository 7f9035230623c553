// Package shown says what a generated value holds, by the names and types of its IDL: structs are objects without their
// unset fields, maps are sorted lists of pairs, sets are sorted, binary is {"hex": …}, enums are numbers.
package shown

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"math"
	"reflect"
	"sort"
	"strings"
)

// Text is a value as one line of JSON.
func Text(value any) string {
	out := &bytes.Buffer{}
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		panic(err)
	}
	return strings.TrimSuffix(out.String(), "\n")
}

// Struct shows a generated struct, or the arguments or result of a method.
func Struct(it any) any {
	return structure(reflect.ValueOf(it))
}

func structure(value reflect.Value) any {
	fields := map[string]any{}
	if value.Kind() == reflect.Pointer {
		if value.IsNil() {
			return fields
		}
		value = value.Elem()
	}
	for at := range value.NumField() {
		tag := value.Type().Field(at).Tag
		name, _, tagged := strings.Cut(tag.Get("thrift"), ",")
		_, kind, _ := strings.Cut(tag.Get("frugal"), ",")
		need, kind, _ := strings.Cut(kind, ",")
		field := value.Field(at)
		nilable := field.Kind() == reflect.Pointer || field.Kind() == reflect.Slice || field.Kind() == reflect.Map
		if tagged && !(need == "optional" && nilable && field.IsNil()) {
			fields[name] = show(field, kind)
		}
	}
	return fields
}

func show(value reflect.Value, kind string) any {
	outer, inner, _ := strings.Cut(strings.TrimSuffix(kind, ">"), "<")
	if value.Kind() == reflect.Pointer && value.Type().Elem().Kind() != reflect.Struct {
		value = value.Elem()
	}
	switch {
	case outer == "list" || outer == "set":
		all := []any{}
		for at := range value.Len() {
			all = append(all, show(value.Index(at), inner))
		}
		if outer == "set" {
			sorted(all)
		}
		return all
	case outer == "map":
		first, second := halves(inner)
		pairs := []any{}
		for entries := value.MapRange(); entries.Next(); {
			pairs = append(pairs, []any{show(entries.Key(), first), show(entries.Value(), second)})
		}
		sorted(pairs)
		return pairs
	case outer == "binary":
		return map[string]any{"hex": hex.EncodeToString(value.Bytes())}
	case value.Kind() == reflect.Float64:
		return double(value.Float())
	case value.Kind() == reflect.Pointer || value.Kind() == reflect.Struct:
		return structure(value)
	case value.CanInt():
		return value.Int()
	}
	return value.Interface()
}

func double(it float64) any {
	switch {
	case math.IsNaN(it):
		return "NaN"
	case math.IsInf(it, 1):
		return "inf"
	case math.IsInf(it, -1):
		return "-inf"
	case it == 0 && math.Signbit(it):
		return "-0"
	}
	return it
}

// halves cuts the types of a map at the colon that is inside of no other type.
func halves(kinds string) (string, string) {
	depth := 0
	for at, letter := range kinds {
		switch letter {
		case '<':
			depth++
		case '>':
			depth--
		case ':':
			if depth == 0 {
				return kinds[:at], kinds[at+1:]
			}
		}
	}
	return kinds, ""
}

func sorted(all []any) {
	sort.Slice(all, func(left, right int) bool { return Text(all[left]) < Text(all[right]) })
}
