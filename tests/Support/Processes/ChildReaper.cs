using System.Diagnostics;

namespace Messaging.Tests.Support.Processes;

/// <summary>
/// Ends what this process started when this process ends in any way, <c>kill -9</c> included. A small shell holds the reading end of a
/// pipe whose writing end is ours alone: when the pipe closes, it stops every process and removes every folder it was told of.
/// (The kernel's parent-death signal is no help: it follows the thread that started the child, and pool threads come and go.)
/// </summary>
public static class ChildReaper
{
    // A process is known by id and start time, so a reused id is left alone. After the signal it gets 10 s, then SIGKILL.
    private const string Script = """
        exec >/dev/null 2>&1
        trap '' INT TERM HUP
        processes='' folders=''
        newline='
        '
        while IFS= read -r line; do
            case $line in
                'process '*) processes="$processes ${line#process }" ;;
                'folder '*) folders="$folders${line#folder }$newline" ;;
            esac
        done
        alive() {
            stat=$(cat "/proc/$1/stat") || return 1
            set -- "$2" ${stat##*) }
            [ "$2" != Z ] && [ "${21}" = "$1" ]
        }
        each() {
            for process in $processes; do
                id=${process%%:*} rest=${process#*:}
                alive "$id" "${rest%%:*}" && "$1" "$id" "${rest##*:}"
            done
        }
        signal() { kill -"$2" "$1"; }
        destroy() { kill -9 "$1"; }
        note() { left=1; }
        each signal
        tries=0 left=1
        while [ "$left" ] && [ "$tries" -lt 100 ]; do
            left='' tries=$((tries + 1))
            each note
            [ "$left" ] && sleep 0.1
        done
        each destroy
        printf %s "$folders" | while IFS= read -r folder; do rm -rf -- "$folder"; done
        """;

    private static readonly Lock Gate = new();
    private static Process? _shell;

    /// <summary>From now on the process is sent this signal when ours ends; one that has ended by then is left alone.</summary>
    public static void Watch(ProcessIdentity process, UnixSignal signal = UnixSignal.Kill)
        => Tell($"process {process.Id}:{process.StartTime}:{(int)signal}");

    /// <summary>From now on the folder is removed, with all in it, when our process ends.</summary>
    public static void WatchFolder(string folder) => Tell($"folder {folder}");

    private static void Tell(string line)
    {
        lock (Gate)
        {
            // Its own session: Ctrl-C in the terminal must not end it before us.
            _shell ??= Process.Start(new ProcessStartInfo("setsid", ["/bin/sh", "-c", Script])
            {
                RedirectStandardInput = true,
                WorkingDirectory = "/",
            })!;
            _shell.StandardInput.WriteLine(line);
            _shell.StandardInput.Flush();
        }
    }
}
