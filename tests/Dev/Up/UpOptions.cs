using System.Globalization;

namespace Messaging.Tests.Dev.Up;

/// <summary>The options of <c>./dev up</c>.</summary>
public sealed record UpOptions
{
    private const string Usage = "Usage: ./dev up [--consumers N] [--port P] [--fresh] [--data FOLDER | --docker]";

    /// <summary>Consumer processes; 0 to 64. Default 2.</summary>
    public int Consumers { get; init; } = 2;

    /// <summary>The Producer's port on loopback. Default 8080.</summary>
    public int Port { get; init; } = 8080;

    /// <summary>Whether to empty the data folder first.</summary>
    public bool Fresh { get; init; }

    /// <summary>Whether to run in containers, also where the servers are installed.</summary>
    public bool Docker { get; init; }

    /// <summary>The data folder; null: <c>.data</c> below the repository.</summary>
    public string? Data { get; init; }

    /// <summary>Reads the command line.</summary>
    /// <exception cref="UsageException">An option is unknown or its value cannot be.</exception>
    public static UpOptions Parse(ReadOnlySpan<string> arguments)
    {
        var options = new UpOptions();
        while (!arguments.IsEmpty)
        {
            (options, arguments) = arguments switch
            {
                ["--consumers", var value, ..] => (options with { Consumers = Number("--consumers", value, 0, 64) }, arguments[2..].ToArray()),
                ["--port", var value, ..] => (options with { Port = Number("--port", value, 1, 65_535) }, arguments[2..].ToArray()),
                ["--data", var value, ..] => (options with { Data = value }, arguments[2..].ToArray()),
                ["--docker", ..] => (options with { Docker = true }, arguments[1..].ToArray()),
                ["--fresh", ..] => (options with { Fresh = true }, arguments[1..].ToArray()),
                _ => throw new UsageException($"'{arguments[0]}' is not understood. {Usage}"),
            };
        }

        if (options is { Docker: true, Data: not null })
            throw new UsageException($"--data is for processes of this machine; containers keep their data in volumes. {Usage}");
        return options;
    }

    private static int Number(string option, string value, int least, int most)
        => int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
            ? number
            : throw new UsageException($"{option} takes a number from {least} to {most}, not '{value}'.");
}
