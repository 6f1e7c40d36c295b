using Messaging.Tests.Support.Processes;

namespace Messaging.Tests.Support.Servers;

/// <summary>Debian's Python with the client libraries that the examples in <c>docs/examples</c> use: installs what is missing, if it may.</summary>
public static class PythonPackages
{
    /// <summary>The system's own interpreter, which finds Debian's packages; another one in <c>PATH</c> would not.</summary>
    public const string Interpreter = "/usr/bin/python3";

    /// <summary>The one command that installs what is missing.</summary>
    public const string InstallCommand = "sudo apt-get update && sudo apt-get install -y --no-install-recommends python3 python3-pika python3-psycopg2";

    private static readonly string[] Names = ["python3", "python3-pika", "python3-psycopg2"];

    /// <summary>Installs what is missing. Where that can't be done it says so, and the tests of the examples fail.</summary>
    /// <param name="say">Told what is going to be installed.</param>
    /// <param name="cancellationToken">Ends the installation.</param>
    public static async Task EnsureAsync(Action<string> say, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(say);
        if (await ArePresentAsync(cancellationToken))
            return;
        try
        {
            await DebianPackages.InstallAsync(Names, InstallCommand, say, cancellationToken);
        }
        catch (ServerStartException e)
        {
            say($"The examples in Python can't be tested: {e.Message}");
        }
    }

    /// <summary>Whether the examples can be run.</summary>
    public static async Task<bool> ArePresentAsync(CancellationToken cancellationToken = default) =>
        File.Exists(Interpreter) && (await Command.RunAsync(Interpreter, ["-c", "import pika, psycopg2"], cancellationToken: cancellationToken)).Succeeded;
}
