using System.Diagnostics;

namespace Messaging.Tests.Support.Processes;

/// <summary>Runs a short command to its end.</summary>
public static class Command
{
    /// <summary>How a command ended.</summary>
    /// <param name="ExitCode">0 when it went well.</param>
    /// <param name="Output">Standard output and standard error together.</param>
    public sealed record Outcome(int ExitCode, string Output)
    {
        /// <summary>Whether the exit code was 0.</summary>
        public bool Succeeded => ExitCode == 0;
    }

    /// <summary>Runs a command and returns what it wrote. Cancelled: the command and its children are killed.</summary>
    /// <exception cref="System.ComponentModel.Win32Exception">There is no such program.</exception>
    public static async Task<Outcome> RunAsync(
        string program,
        IEnumerable<string> arguments,
        IReadOnlyDictionary<string, string?>? environment = null,
        CancellationToken cancellationToken = default)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment ?? new Dictionary<string, string?>())
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
            var error = process.StandardError.ReadToEndAsync(cancellationToken);
            await process.WaitForExitAsync(cancellationToken);
            return new Outcome(process.ExitCode, await output + await error);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }

    /// <summary>The full path of a program in <c>PATH</c> or one of the given folders (looked at first); null when it is nowhere.</summary>
    public static string? Find(string program, params IEnumerable<string> folders)
        => folders.Concat((Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries))
            .Concat(["/usr/sbin", "/sbin"])
            .Select(folder => Path.Combine(folder, program))
            .FirstOrDefault(IsThere);

    /// <summary>A link whose target is gone counts as a file to <see cref="File.Exists"/>; packages that were removed leave such links behind.</summary>
    private static bool IsThere(string path) => File.Exists(path) && (File.ResolveLinkTarget(path, returnFinalTarget: true)?.Exists ?? true);
}
