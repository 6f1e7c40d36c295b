namespace Messaging.Contracts.Tasks;

/// <summary>How far a running task is.</summary>
/// <param name="Percent">0 to 100.</param>
/// <param name="Message">What it is doing, for people; may be null.</param>
public sealed record TaskProgress(double Percent, string? Message);
