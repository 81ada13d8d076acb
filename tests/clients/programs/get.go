// net/http of Go, as it comes.
package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
)

func main() {
	request, err := http.NewRequest("GET", os.Args[1], nil)
	if err != nil {
		panic(err)
	}
	request.Header.Set("Authorization", "Bearer "+os.Getenv("TOKEN"))
	reply, err := http.DefaultClient.Do(request)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	body, err := io.ReadAll(reply.Body)
	if err != nil || reply.StatusCode != 200 {
		fmt.Fprintln(os.Stderr, reply.Status, err)
		os.Exit(1)
	}
	fmt.Println(string(body))
}
