package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"
)

// answerLog keeps every answer, one a line: start and end (Unix nanoseconds), connection, host, path, answer ("" for
// none), parted by tabs.
type answerLog struct {
	lock sync.Mutex
	file *os.File
	out  *bufio.Writer
}

func newAnswerLog(path string) (*answerLog, error) {
	file, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	return &answerLog{file: file, out: bufio.NewWriter(file)}, nil
}

// note keeps an answer; without a log it does nothing.
func (a *answerLog) note(one *target, connection, said string, began time.Time) {
	if a == nil {
		return
	}
	ended := time.Now()
	a.lock.Lock()
	defer a.lock.Unlock()
	fmt.Fprintf(a.out, "%d\t%d\t%s\t%s\t%s\t%s\n",
		began.UnixNano(), ended.UnixNano(), connection, one.host, one.path, said)
}

func (a *answerLog) close() error {
	return errors.Join(a.out.Flush(), a.file.Close())
}
