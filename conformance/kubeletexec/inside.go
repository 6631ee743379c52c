package main

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
	"k8s.io/cri-streaming/pkg/streaming/remotecommand"
	utilexec "k8s.io/utils/exec"
)

// What a command left running may still write after the command itself has ended.
const leftOver = time.Second

// inside runs commands after the one that enters a container.
type inside struct {
	enter []string
}

// ExecInContainer runs a command to its end; the error is a utilexec.ExitError when it ended with another code than 0.
func (container inside) ExecInContainer(
	ctx context.Context, _, _, _ string, argv []string,
	in io.Reader, out, errs io.WriteCloser, tty bool, resize <-chan remotecommand.TerminalSize, _ time.Duration,
) error {
	whole := append(append([]string{}, container.enter...), argv...)
	command := exec.CommandContext(ctx, whole[0], whole[1:]...)
	command.WaitDelay = leftOver
	var err error
	if tty {
		err = onTerminal(command, in, out, resize)
	} else {
		err = onPipes(command, in, out, errs)
	}
	if errors.Is(err, exec.ErrWaitDelay) {
		return nil
	}
	if exit := new(exec.ExitError); errors.As(err, &exit) {
		return &utilexec.ExitErrorWrapper{ExitError: exit}
	}
	return err
}

func onPipes(command *exec.Cmd, in io.Reader, out, errs io.Writer) error {
	command.Stdout, command.Stderr = out, errs
	if in == nil {
		return command.Run()
	}
	// Not as command.Stdin: then its end would be waited for, and who asks leaves it open.
	pipe, err := command.StdinPipe()
	if err != nil {
		return err
	}
	go func() {
		_, _ = io.Copy(pipe, in)
		_ = pipe.Close()
	}()
	return command.Run()
}

func onTerminal(command *exec.Cmd, in io.Reader, out io.Writer, resize <-chan remotecommand.TerminalSize) error {
	master, terminal, err := openTerminal()
	if err != nil {
		return err
	}
	defer master.Close()
	command.Stdin, command.Stdout, command.Stderr = terminal, terminal, terminal
	command.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	err = command.Start()
	_ = terminal.Close()
	if err != nil {
		return err
	}
	go follow(master, resize)
	if in != nil {
		go func() { _, _ = io.Copy(master, in) }()
	}
	written := make(chan struct{})
	go func() {
		defer close(written)
		if out != nil {
			_, _ = io.Copy(out, master) // ends with an error, once nothing has the terminal open
		}
	}()
	err = command.Wait()
	select {
	case <-written:
	case <-time.After(leftOver):
	}
	return err
}

func openTerminal() (master, terminal *os.File, err error) {
	master, err = os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		return nil, nil, err
	}
	defer func() {
		if err != nil {
			_ = master.Close()
		}
	}()
	if err = unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		return nil, nil, err
	}
	number, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	if err != nil {
		return nil, nil, err
	}
	terminal, err = os.OpenFile("/dev/pts/"+strconv.Itoa(number), os.O_RDWR|syscall.O_NOCTTY, 0)
	return master, terminal, err
}

func follow(master *os.File, resize <-chan remotecommand.TerminalSize) {
	for size := range resize {
		_ = unix.IoctlSetWinsize(int(master.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: size.Height, Col: size.Width})
	}
}
