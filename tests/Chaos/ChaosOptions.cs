using System.Globalization;

namespace Messaging.Tests.Chaos;

/// <summary>How long and how hard.</summary>
public sealed record ChaosOptions
{
    private const string Usage = "./dev chaos [--minutes N] [--seed N] [--producers N] [--consumers N] [--rate TASKS_PER_SECOND]";

    /// <summary>How long faults are injected under load; the recovery comes after. Default 1 minute.</summary>
    public TimeSpan Duration { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Decides which faults come when. Printed, so that a run can be repeated as far as timing allows. Default: random.</summary>
    public int Seed { get; init; } = Random.Shared.Next(1, 1_000_000);

    /// <summary>Producer processes. Default 2.</summary>
    public int Producers { get; init; } = 2;

    /// <summary>Consumer processes. Default 3.</summary>
    public int Consumers { get; init; } = 3;

    /// <summary>Tasks submitted a second, while they are accepted. Default 150.</summary>
    public int Rate { get; init; } = 150;

    /// <summary>Reads a command line.</summary>
    /// <exception cref="ArgumentException">It is not understood; says what is.</exception>
    public static ChaosOptions Parse(IReadOnlyList<string> arguments)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        if (arguments.Contains("--help"))
            throw new ArgumentException(Usage);
        var options = new ChaosOptions();
        for (var i = 0; i < arguments.Count; i += 2)
        {
            var value = i + 1 < arguments.Count ? arguments[i + 1] : throw new ArgumentException($"{arguments[i]} needs a number. {Usage}");
            options = arguments[i] switch
            {
                "--minutes" => options with { Duration = TimeSpan.FromMinutes(Number(arguments[i], value, 0.1, 600)) },
                "--seed" => options with { Seed = (int)Number(arguments[i], value, 0, int.MaxValue) },
                "--producers" => options with { Producers = (int)Number(arguments[i], value, 1, 10) },
                "--consumers" => options with { Consumers = (int)Number(arguments[i], value, 2, 20) },
                "--rate" => options with { Rate = (int)Number(arguments[i], value, 1, 10_000) },
                _ => throw new ArgumentException($"'{arguments[i]}' is not known. {Usage}"),
            };
        }

        return options;
    }

    private static double Number(string name, string text, double least, double most) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
            ? number
            : throw new ArgumentException(FormattableString.Invariant($"{name} takes a number from {least} to {most}, not '{text}'. {Usage}"));
}
