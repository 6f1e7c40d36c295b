namespace Messaging.Tests.Dev.Up;

/// <summary>One console for many processes: every line has its process's name in front, in a colour of its own on a terminal.</summary>
public sealed class UpOutput
{
    private const int NameWidth = 10;
    private const string Own = "dev";

    // Cyan, green, yellow, magenta, blue: readable on dark and light.
    private static readonly int[] Colours = [36, 32, 33, 35, 34];

    private readonly Lock _gate = new();
    private readonly bool _colour = !Console.IsOutputRedirected && Environment.GetEnvironmentVariable("NO_COLOR") is null or "";
    private int _next;

    /// <summary>What somebody can do now that everything is ready.</summary>
    public static string Greeting(UpOptions options) => $$$"""
        Ready: http://127.0.0.1:{{{options.Port}}} with {{{options.Consumers}}} consumers

          curl http://127.0.0.1:{{{options.Port}}}/v1/tasks -H 'Content-Type: application/json' -H 'Prefer: wait=10' \
            -d '{"kind": "debug.echo", "input": {"message": "hello"}}'
        """;

    /// <summary>Writes a line of our own.</summary>
    public void Say(string line) => Write($"{Own,-NameWidth} | {line}");

    /// <summary>Writes lines as they are.</summary>
    public void SayPlainly(string text) => Write(text);

    /// <summary>What writes the lines of a process.</summary>
    public Action<string> For(string name)
    {
        var prefix = $"{name,-NameWidth} |";
        if (_colour)
            prefix = $"\e[{Colours[_next++ % Colours.Length]}m{prefix}\e[0m";
        return line => Write($"{prefix} {line}");
    }

    private void Write(string line)
    {
        lock (_gate)
            Console.Out.WriteLine(line);
    }
}
